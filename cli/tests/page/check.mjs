// Uses the page of `rocky lineage --html` in Chromium as people do: keyboard, mouse, touch. Called by `page.rs`:
// node check.mjs CASE PAGE.html CHROMIUM PLAYWRIGHT-FOLDER
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , name, file, executablePath, folder] = process.argv;
const { chromium } = createRequire(folder + "/")("playwright-core");
const url = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
const wrong = [];

/** A page that was opened and drawn. Every request but for the file itself, and every error, is held against it. */
async function open(options = {}, hash = "") {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
  page.on("pageerror", (e) => wrong.push(`error: ${e.stack}`));
  page.on("console", (m) => m.type() === "error" && wrong.push(`console: ${m.text()}`));
  page.on("request", (r) => r.url().split("#")[0] !== url && wrong.push(`request: ${r.url()}`));
  await page.goto(url + hash);
  await page.waitForSelector("html[data-ready]");
  return page;
}
const settle = (page) => page.waitForTimeout(450);
const inPage = (page, f, ...args) => page.evaluate(([f, args]) => (0, eval)(f)(...args), [f.toString(), args]);
const at = (page, model, column) => inPage(page, (m, c) => rockyLineage.at(m, c), model, ...(column ? [column] : []));
const traced = (page) => inPage(page, () => rockyLineage.trace());
const hash = (page) => inPage(page, () => decodeURIComponent(location.hash));
const panel = (page) => page.locator("#panel").innerText();
/** How many pixels of the graph have a colour of the style sheet. */
const pixels = (page, colour) => inPage(page, (name) => {
  const style = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(style.slice(i, i + 2), 16));
  const canvas = document.getElementById("graph"), d = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let n = 0;
  for (let i = 0; i < d.length; i += 4) if (Math.abs(d[i] - r) + Math.abs(d[i + 1] - g) + Math.abs(d[i + 2] - b) < 12) n++;
  return n;
}, colour);
async function click(page, model, column) {
  const p = await at(page, model, column);
  await page.mouse.click(p.x, p.y);
  await settle(page);
}

const cases = {
  /** The sample project: everything a person does. */
  async explore() {
    const page = await open();
    assert.match(await page.locator("#counts").innerText(), /^14 models, 5 sources, \d+ columns$/);
    for (const kind of ["k-source", "k-table", "k-view", "k-incremental"]) assert.ok((await pixels(page, kind)) > 100, kind);
    // Search by keyboard.
    await page.keyboard.press("/");
    await page.keyboard.type("customer_value.life");
    await page.locator("#results li[aria-selected=true] .name", { hasText: /^lifetime_value$/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await settle(page);
    assert.equal(await hash(page), "#m=customer_value&c=lifetime_value");
    // The same that the command line says of this column.
    let found = await traced(page);
    assert.deepEqual([found.up, found.down], [5, 2]);
    let text = await panel(page);
    for (const part of ["lifetime_value", "DECIMAL(38,2)", "Computed from", "aggregation: sum", "fct_orders", ".sql:", "Decides about rows", "join", "Goes into"]) assert.ok(text.includes(part), part + " in " + text);
    for (const colour of ["up", "down", "influence"]) assert.ok((await pixels(page, colour)) > 40, colour);
    // Without influences there are none, in one direction nothing of the other.
    await page.locator("#panel input[type=checkbox]").uncheck();
    await settle(page);
    assert.equal((await traced(page)).influences, 0);
    assert.ok((await pixels(page, "influence")) < 40);
    await page.getByRole("button", { name: "Upstream", exact: true }).click();
    await settle(page);
    found = await traced(page);
    assert.deepEqual([found.up, found.down], [5, 0]);
    assert.match(await hash(page), /&d=up$/);
    // A column of the list leads on.
    await page.locator("#panel .row", { hasText: "int_order_lines" }).first().click();
    await settle(page);
    assert.equal(await hash(page), "#m=int_order_lines&c=amount&d=up");
    // Back, step by step.
    await page.keyboard.press("Escape");
    await settle(page);
    assert.equal(await hash(page), "#m=int_order_lines");
    await page.keyboard.press("Escape");
    await settle(page);
    assert.equal(await hash(page), "");
    assert.ok(await page.locator("#panel").isHidden());
    // A click opens a model's columns, a click on one follows it.
    await click(page, "stg_orders");
    assert.equal(await hash(page), "#m=stg_orders");
    text = await panel(page);
    for (const part of ["View", "models/", "Reads", "Read by"]) assert.ok(text.includes(part), part + " in " + text);
    await click(page, "stg_orders", "order_id");
    assert.equal(await hash(page), "#m=stg_orders&c=order_id&d=up");
    // Only the neighbourhood.
    await page.keyboard.press("Escape");
    await page.keyboard.press("f");
    await settle(page);
    const around = await inPage(page, () => rockyLineage.visible());
    assert.ok(around > 2 && around < 19, String(around));
    await page.getByRole("button", { name: "One step less" }).click();
    await settle(page);
    assert.ok((await inPage(page, () => rockyLineage.visible())) < around);
    assert.match(await hash(page), /&f=1$/);
    await page.keyboard.press("Escape");
    await settle(page);
    assert.equal(await inPage(page, () => rockyLineage.visible()), 19);
    // Filters.
    await page.locator("select[data-filter=kind]").selectOption("view");
    await settle(page);
    assert.match(await page.locator("#counts").innerText(), /^\d of 19 shown$/);
    await page.locator("select[data-filter=kind]").selectOption("");
    // The list holds everything as text.
    await page.locator("body").press("l");
    assert.equal(await page.locator("#list li").count(), 19);
    await page.locator("#list .row", { hasText: "city_summary" }).focus();
    await page.keyboard.press("Enter");
    await settle(page);
    assert.equal(await hash(page), "#m=city_summary");
    await page.locator("#show-list").click();
    // Wheel, drag, keys.
    const view = () => inPage(page, () => ({ ...rockyLineage.view }));
    const one = await view();
    await page.mouse.move(500, 500);
    await page.mouse.wheel(0, -300);
    await settle(page);
    const two = await view();
    assert.ok(two.k > one.k);
    await page.mouse.down();
    await page.mouse.move(600, 560, { steps: 5 });
    await page.mouse.up();
    await settle(page);
    const three = await view();
    assert.ok(Math.abs((two.x - three.x) * two.k - 100) < 2 && Math.abs((two.y - three.y) * two.k - 60) < 2);
    await page.keyboard.press("0");
    await settle(page);
    assert.ok((await view()).k < two.k);
    await page.keyboard.press("?");
    assert.ok(await page.locator("#help").isVisible());
    await page.keyboard.press("Escape");
    assert.ok(await page.locator("#help").isHidden());
    await page.close();
  },

  /** An address leads back to what was selected; colours follow the system; fingers pinch; small screens fit. */
  async arrive() {
    const page = await open({ colorScheme: "dark" }, "#m=customer_value&c=lifetime_value&d=down");
    assert.deepEqual([(await traced(page)).up, (await traced(page)).down], [0, 2]);
    assert.ok((await panel(page)).includes("city_summary"));
    const dark = await pixels(page, "bg");
    assert.ok(dark > 100000, String(dark));
    await page.emulateMedia({ colorScheme: "light" });
    await settle(page);
    assert.ok((await pixels(page, "bg")) > 100000);
    await page.close();
    const phone = await open({ viewport: { width: 390, height: 780 }, hasTouch: true });
    const session = await phone.context().newCDPSession(phone);
    const touch = (type, ...points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    const before = await inPage(phone, () => rockyLineage.view.k);
    await touch("touchStart", [180, 400], [210, 400]);
    for (let i = 1; i <= 6; i++) await touch("touchMove", [180 - 15 * i, 400], [210 + 15 * i, 400]);
    await touch("touchEnd");
    await settle(phone);
    assert.ok((await inPage(phone, () => rockyLineage.view.k)) > before * 3);
    const wide = await inPage(phone, () => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, String(wide));
    await phone.close();
  },

  /** Names that try to be markup, script or a mark of the template. */
  async hostile() {
    const page = await open();
    assert.equal(await inPage(page, () => typeof window.pwned), "undefined");
    assert.equal(await page.locator("img").count(), 0);
    for (const part of ["onerror", "</script>", "/data/", "__proto__"]) {
      await page.keyboard.press("/");
      await page.keyboard.type(part);
      await page.waitForSelector("#results li");
      const rows = await page.locator("#results .name").allInnerTexts();
      assert.ok(rows.some((r) => r.includes(part)), `${part} in ${rows}`);
      await page.keyboard.press("Enter");
      await settle(page);
      assert.ok((await page.locator("#panel h2").innerText()).includes(part));
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      assert.ok((await page.locator("#panel h2").innerText()).includes(part), "the address leads back");
      await page.keyboard.press("l");
      await page.keyboard.press("l");
    }
    assert.equal(await inPage(page, () => typeof window.pwned), "undefined");
    assert.equal(await page.locator("img, iframe, object, link, script[src]").count(), 0);
    // What is not proved is marked and explained.
    await page.keyboard.press("/");
    await page.keyboard.type("b.guessed");
    await page.keyboard.press("Enter");
    await settle(page);
    assert.match(await panel(page), /Not all proved: the columns of `.*` are not known/);
    assert.ok((await pixels(page, "doubt")) > 5);
    await page.close();
  },

  /** Ten thousand models: first picture and frames per second. The limits are for a loaded machine; the figures are printed. */
  async large() {
    const page = await open();
    const counts = await inPage(page, () => rockyLineage.counts);
    assert.ok(counts.nodes >= 10000, JSON.stringify(counts));
    const first = await inPage(page, () => rockyLineage.stats.firstPaint);
    /** Frames per second, and the longest frame, while something goes on. */
    const frames = async (act) => {
      await inPage(page, () => {
        const times = (window.times = []);
        const tick = (t) => { times.push(t); window.times === times && requestAnimationFrame(tick); };
        requestAnimationFrame(tick);
      });
      await act();
      return inPage(page, () => {
        const t = window.times;
        window.times = null;
        return { fps: ((t.length - 1) * 1000) / (t[t.length - 1] - t[0]), longest: Math.max(...t.slice(1).map((x, i) => x - t[i])) };
      });
    };
    const drag = async () => {
      await page.mouse.move(700, 450);
      await page.mouse.down();
      for (let i = 0; i < 120; i++) await page.mouse.move(700 + Math.sin(i / 9) * 380, 450 + Math.cos(i / 7) * 220);
      await page.mouse.up();
    };
    const far = await frames(drag);
    for (let i = 0; i < 7; i++) await page.mouse.wheel(0, -240);
    await settle(page);
    const near = await frames(drag);
    const zoom = await frames(async () => { for (let i = 0; i < 60; i++) await page.mouse.wheel(0, i % 20 < 10 ? 120 : -120); });
    let begin = Date.now();
    await page.keyboard.press("/");
    await page.keyboard.type("m_9999");
    await page.waitForSelector("#results li");
    const search = Date.now() - begin;
    begin = Date.now();
    await page.keyboard.press("Enter");
    await settle(page);
    await click(page, "m_9999", "total");
    const trace = await traced(page);
    assert.ok(trace.up > 3 && (await inPage(page, () => rockyLineage.visible())) < 200, JSON.stringify(trace));
    const show = (f) => `${f.fps.toFixed(0)} frames/s (longest ${f.longest.toFixed(0)} ms)`;
    console.log(`${counts.nodes} relations, ${counts.columns} columns, ${counts.edges} edges: first picture ${first.toFixed(0)} ms; dragging the whole ${show(far)}, near ${show(near)}; zooming ${show(zoom)}; typing and search ${search} ms`);
    assert.ok(first < 6000, `first picture after ${first} ms`);
    for (const [what, f] of Object.entries({ far, near, zoom })) assert.ok(f.fps > 8, `${what}: ${show(f)}`);
    await page.close();
  },
};

try {
  await cases[name]();
  assert.deepEqual(wrong, []);
} finally {
  await browser.close();
}
