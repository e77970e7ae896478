// Uses the page of `rocky history --html` in Chromium as people do. Called by `page.rs`:
// node runs.mjs CASE PAGE.html CHROMIUM PLAYWRIGHT-FOLDER
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , name, file, executablePath, folder] = process.argv;
const { chromium } = createRequire(folder + "/")("playwright-core");
const url = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
const wrong = [];

/** A page that was opened and drawn. Every request but for the file itself, and every error, is held against it. */
async function open(hash = "") {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (e) => wrong.push(`error: ${e.stack}`));
  page.on("console", (m) => m.type() === "error" && wrong.push(`console: ${m.text()}`));
  page.on("request", (r) => r.url().split("#")[0] !== url && wrong.push(`request: ${r.url()}`));
  await page.goto(url + hash);
  await page.waitForSelector("html[data-ready]");
  return page;
}
const bars = (page) => page.evaluate(() => rockyTimeline.bars());
const at = (page, model) => page.evaluate((m) => rockyTimeline.at(m), model);
const text = (page, where) => page.locator(where).innerText();
/** The colour of the chart at the middle of a bar's lower edge, where no name is written. */
const colour = (page, model) => page.evaluate((m) => {
  const canvas = document.getElementById("chart"), box = canvas.getBoundingClientRect(), p = rockyTimeline.at(m), r = devicePixelRatio;
  const d = canvas.getContext("2d").getImageData((p.x - box.left) * r, (p.y - box.top + 9) * r, 1, 1).data;
  return "#" + [...d.slice(0, 3)].map((v) => v.toString(16).padStart(2, "0")).join("");
}, model);
const style = (page, name) => page.evaluate((n) => getComputedStyle(document.documentElement).getPropertyValue("--" + n).trim(), name);

const cases = {
  /** Two runs: one that succeeded, and a newer one with a failure and what it kept from running. */
  async runs() {
    const page = await open();
    assert.equal(await text(page, "#counts"), "2 runs");
    assert.equal(await page.locator("#runs button").count(), 2);
    assert.notEqual(await text(page, "#title"), "project", "the folder's name");
    assert.match(await text(page, "#runs"), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n/, "times are short");
    // The newest comes first and is shown.
    assert.match(await text(page, "#summary"), /PartialFailure .* 2 succeeded, 1 failed, 1 skipped/);
    let shown = await bars(page);
    assert.deepEqual(shown.map((b) => b.name).sort(), ["east", "joined", "west"], "what was skipped has no bar");
    const row = (name) => shown.find((b) => b.name === name).row;
    assert.notEqual(row("east"), row("west"), "side by side");
    assert.equal(row("joined"), 0, "a lane that is free again is used again");
    assert.equal(await colour(page, "east"), await style(page, "success"));
    assert.equal(await colour(page, "joined"), await style(page, "failed"));
    // Under the mouse: status, times, rows, why.
    let p = await at(page, "east");
    await page.mouse.move(p.x, p.y);
    let tip = await text(page, "#tip");
    for (const part of ["east", "Success", "1 row", "statements "]) assert.ok(tip.includes(part), `${part} in ${tip}`);
    p = await at(page, "joined");
    await page.mouse.move(p.x, p.y);
    tip = await text(page, "#tip");
    for (const part of ["joined", "Failed", "no <both>"]) assert.ok(tip.includes(part), `${part} in ${tip}`);
    await page.mouse.move(5, 5);
    assert.ok(await page.locator("#tip").isHidden());
    // The table says the same, and what was skipped.
    const rows = await page.locator("#table tr").allInnerTexts();
    assert.equal(rows.length, 4);
    assert.ok(rows.some((r) => r.includes("last") && r.includes("Skipped") && r.includes("`joined` failed")), rows.join("|"));
    // One row for each model.
    await page.selectOption("#rows", "models");
    shown = await bars(page);
    assert.deepEqual(shown.map((b) => b.row), [0, 1, 2]);
    // A search leaves the others out.
    await page.fill("#query", "WEST");
    assert.deepEqual((await bars(page)).map((b) => b.name), ["west"]);
    assert.equal(await page.locator("#table tr").count(), 1);
    await page.fill("#query", "");
    // Another run, by click; its address leads back to it.
    await page.locator("#runs button").nth(1).click();
    assert.match(await text(page, "#summary"), /Success .* 3 succeeded/);
    const hash = await page.evaluate(() => location.hash);
    assert.match(hash, /^#run=run-/);
    const back = await open(hash);
    assert.match(await text(back, "#summary"), /Success .* 3 succeeded/);
    // Runs by status.
    await page.selectOption("#status", "PartialFailure");
    assert.equal(await page.locator("#runs button").count(), 1);
    await page.selectOption("#status", "Failure");
    assert.equal(await text(page, "#summary"), "No run passes the filter.");
    await page.selectOption("#status", "");
    assert.equal(await page.locator("#runs button").count(), 2);
  },

  /** Names are shown as they are. */
  async hostile() {
    const page = await open();
    const name = "<!--</script><img src=x onerror=window.pwned=1>";
    assert.deepEqual((await bars(page)).map((b) => b.name), [name]);
    assert.ok((await text(page, "#table")).includes(name));
    const p = await at(page, name);
    await page.mouse.move(p.x, p.y);
    assert.ok((await text(page, "#tip")).includes("onerror=window.pwned=1>"));
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator("img").count(), 0);
  },

  /** Ten thousand bars are drawn and searched without a wait. */
  async large() {
    const page = await open();
    assert.equal((await bars(page)).length, 10000);
    const took = await page.evaluate(() => {
      const begin = performance.now();
      document.getElementById("rows").value = "models";
      document.getElementById("rows").dispatchEvent(new Event("change"));
      return performance.now() - begin;
    });
    assert.ok(took < 1500, `${took} ms`);
    await page.evaluate(() => { document.getElementById("view").scrollTop = 9990 * 26; });
    await page.waitForTimeout(100);
    const p = await at(page, "m_9995");
    await page.mouse.move(p.x, p.y);
    assert.ok((await text(page, "#tip")).includes("m_9995"));
    assert.match(await text(page, "#more"), /^9500 more/);
    console.log(`layout of 10,000 rows: ${Math.round(took)} ms`);
  },
};

try {
  await cases[name]();
  assert.deepEqual(wrong, []);
  console.log("ok");
} finally {
  await browser.close();
}
