// The timeline of runs. Names come from the data as text and are only ever put on the screen as text.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const [NAME, STATUS, BEGIN, TOOK, ROWS, HASH, WHY] = [0, 1, 2, 3, 4, 5, 6];
  const STATUSES = ["Success", "Failed", "Skipped"];
  const HEIGHT = 22, GAP = 4, AXIS = 26, LEFT_LANES = 60, LEFT_MODELS = 220, LISTED = 500;
  let run = null, bars = [], rows = 0, left = LEFT_LANES, width = 0, scale = 1, hovered = null, visible = [];

  const time = (ms) => ms < 1000 ? `${Math.round(ms)} ms` : ms < 60000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60000)} min ${Math.round(ms % 60000 / 1000)} s`;
  /** `2026-01-31 12:00:00`, UTC; the whole of it is the title of what shows it. */
  const moment = (at) => at.slice(0, 19).replace("T", " ");
  const element = (tag, text, name) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (name) e.className = name;
    return e;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  /** Tasks that ran at the same time stand in different rows: the first that is free. */
  function lanes(models) {
    const free = [];
    for (const bar of models) {
      let lane = free.findIndex((end) => end <= bar.m[BEGIN] + 1e-6);
      if (lane < 0) lane = free.push(0) - 1;
      free[lane] = bar.m[BEGIN] + bar.m[TOOK];
      bar.row = lane;
    }
    return free.length;
  }

  function layout() {
    const query = $("query").value.trim().toLowerCase();
    const found = run.models.filter((m) => m[NAME].toLowerCase().includes(query));
    bars = found.filter((m) => m[BEGIN] !== null).map((m) => ({ m, row: 0 }));
    bars.sort((a, b) => a.m[BEGIN] - b.m[BEGIN] || a.m[TOOK] - b.m[TOOK]);
    const each = $("rows").value === "models";
    left = each ? LEFT_MODELS : LEFT_LANES;
    if (each) bars.forEach((bar, i) => { bar.row = i; });
    rows = each ? bars.length : lanes(bars);
    visible = found;
  }

  /** What is in sight of a canvas that is as tall as the page allows; ten thousand rows are scrolled, not drawn. */
  function draw() {
    const view = $("view"), canvas = $("chart"), ratio = devicePixelRatio || 1;
    width = Math.max(320, view.clientWidth - 2);
    const height = AXIS + rows * (HEIGHT + GAP) + GAP;
    const shown = Math.min(height, Math.max(120, Math.floor(innerHeight * 0.62)));
    $("tall").style.height = height + "px";
    canvas.style.width = width + "px"; canvas.style.height = shown + "px";
    canvas.width = width * ratio; canvas.height = shown * ratio;
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, shown);
    const end = Math.max(run.took, bars.reduce((n, b) => Math.max(n, b.m[BEGIN] + b.m[TOOK]), 0), 1);
    scale = (width - left - 16) / end;
    const top = view.scrollTop;
    g.font = "12px system-ui, sans-serif";
    g.textBaseline = "middle";
    const colours = { Success: colour("success"), Failed: colour("failed"), Skipped: colour("skipped") };
    const [muted, grid, text] = [colour("muted"), colour("grid"), colour("text")];
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6, 2.16e7, 8.64e7].find((s) => s * scale > 90) || end;
    g.fillStyle = grid;
    for (let t = 0; t <= end; t += step) g.fillRect(left + t * scale, AXIS - 6, 1, shown);
    for (const bar of bars) {
      const y = AXIS + bar.row * (HEIGHT + GAP) + GAP - top;
      if (y + HEIGHT < AXIS || y > shown) continue;
      const x = left + bar.m[BEGIN] * scale, w = Math.max(2, bar.m[TOOK] * scale);
      g.fillStyle = colours[STATUSES[bar.m[STATUS]]];
      g.globalAlpha = hovered && hovered !== bar ? 0.55 : 1;
      g.fillRect(x, y, w, HEIGHT);
      g.globalAlpha = 1;
      if (left === LEFT_MODELS) label(g, bar.m[NAME], 10, y + HEIGHT / 2, left - 20, muted);
      else if (w > 34) label(g, bar.m[NAME], x + 5, y + HEIGHT / 2, w - 10, "#ffffff");
    }
    if (left === LEFT_LANES) for (let i = 0; i < rows; i++) {
      const y = AXIS + i * (HEIGHT + GAP) + GAP + HEIGHT / 2 - top;
      if (y > AXIS && y < shown) label(g, `lane ${i + 1}`, 10, y, left - 12, muted);
    }
    g.fillStyle = colour("surface");
    g.fillRect(0, 0, width, AXIS - 2);
    for (let t = 0; t <= end; t += step) {
      const x = left + t * scale + 3;
      if (x + g.measureText(time(t)).width < width) label(g, time(t), x, AXIS / 2 - 2, 90, text);
    }
  }

  function label(g, text, x, y, room, ink) {
    g.fillStyle = ink;
    if (g.measureText(text).width > room) {
      let n = Math.max(1, Math.floor(text.length * room / g.measureText(text).width) - 1);
      text = text.slice(0, n) + "…";
    }
    g.fillText(text, x, y);
  }

  function at(x, y) {
    const row = Math.floor((y + $("view").scrollTop - AXIS - GAP) / (HEIGHT + GAP));
    if (y < AXIS) return null;
    return bars.find((b) => b.row === row && x >= left + b.m[BEGIN] * scale - 2 && x <= left + b.m[BEGIN] * scale + Math.max(2, b.m[TOOK] * scale) + 2) || null;
  }

  function tip(bar, x, y) {
    const box = $("tip");
    box.hidden = !bar;
    if (!bar) return;
    const m = bar.m;
    box.replaceChildren(element("b", m[NAME]), element("div", `${STATUSES[m[STATUS]]}, ${time(m[TOOK])}, from ${time(m[BEGIN])}`));
    if (m[ROWS] !== null) box.append(element("div", `${m[ROWS].toLocaleString("en")} row${m[ROWS] === 1 ? "" : "s"}`));
    box.append(element("div", `statements ${m[HASH]}`));
    if (m[WHY]) box.append(element("div", m[WHY], "why"));
    box.style.left = Math.min(x + 14, innerWidth - box.offsetWidth - 12) + "px";
    box.style.top = Math.min(y + 14, innerHeight - box.offsetHeight - 12) + "px";
  }

  function table() {
    const body = $("table");
    body.replaceChildren();
    for (const m of visible.slice(0, LISTED)) {
      const row = body.insertRow();
      row.append(element("td", m[NAME]), element("td", STATUSES[m[STATUS]], STATUSES[m[STATUS]]));
      row.append(element("td", m[BEGIN] === null ? "" : time(m[BEGIN]), "n"), element("td", m[BEGIN] === null ? "" : time(m[TOOK]), "n"));
      row.append(element("td", m[ROWS] === null ? "" : m[ROWS].toLocaleString("en"), "n"), element("td", m[HASH]), element("td", m[WHY] || ""));
    }
    $("more").hidden = visible.length <= LISTED;
    $("more").textContent = `${visible.length - LISTED} more; search for a model to see it.`;
  }

  function summary() {
    const box = $("summary");
    const count = (s) => run.models.filter((m) => m[STATUS] === s).length;
    const parts = [`${count(0)} succeeded`];
    if (count(1)) parts.push(`${count(1)} failed`);
    if (count(2)) parts.push(`${count(2)} skipped`);
    box.replaceChildren(element("strong", run.id), document.createTextNode(` · ${run.pipeline} · ${run.status}${run.interrupted ? " (interrupted)" : ""} · ${run.trigger} · ${moment(run.at)} UTC · ${time(run.took)} · ${parts.join(", ")}`));
    if (run.resumed) box.append(element("div", `goes on with ${run.resumed}`));
    if (run.error) box.append(element("div", run.error, "bad"));
  }

  function show(next) {
    run = next;
    hovered = null;
    tip(null);
    for (const button of $("runs").querySelectorAll("button")) button.setAttribute("aria-current", String(run !== null && button.dataset.run === run.id));
    if (!run) {
      $("summary").textContent = data.runs.length ? "No run passes the filter." : "No runs are recorded.";
      bars = []; rows = 0; visible = [];
      $("view").hidden = true;
      table();
      return;
    }
    $("view").hidden = false;
    $("view").scrollTop = 0;
    location.replace("#run=" + encodeURIComponent(run.id));
    summary();
    refresh();
  }

  function refresh() {
    if (!run) return;
    layout();
    draw();
    table();
  }

  function list() {
    const wanted = $("status").value;
    const runs = data.runs.filter((r) => !wanted || r.status === wanted);
    $("runs").replaceChildren(...runs.map((r) => {
      const item = element("li"), button = element("button", undefined, "r-" + r.status);
      button.dataset.run = r.id;
      const n = r.models.length, what = r.interrupted ? " · interrupted" : r.status === "Success" ? "" : ` · ${r.status}`;
      button.title = `${r.id}, ${r.at}`;
      button.append(element("span", moment(r.at)), element("small", `${r.pipeline} · ${n} model${n === 1 ? "" : "s"} · ${time(r.took)}${what}`));
      button.addEventListener("click", () => show(r));
      item.append(button);
      return item;
    }));
    const asked = decodeURIComponent(location.hash.replace(/^#run=/, ""));
    show(runs.find((r) => r.id === (run ? run.id : asked)) || runs.find((r) => r.id === asked) || runs[0] || null);
  }

  $("title").textContent = data.title;
  $("counts").textContent = `${data.runs.length} run${data.runs.length === 1 ? "" : "s"}`;
  const chart = $("chart");
  chart.addEventListener("mousemove", (e) => {
    const bar = at(e.offsetX, e.offsetY);
    if (bar !== hovered) { hovered = bar; draw(); }
    tip(bar, e.clientX, e.clientY);
  });
  chart.addEventListener("mouseleave", () => { hovered = null; tip(null); draw(); });
  $("view").addEventListener("scroll", () => run && draw());
  $("status").addEventListener("change", list);
  $("query").addEventListener("input", refresh);
  $("rows").addEventListener("change", () => { $("view").scrollTop = 0; refresh(); });
  addEventListener("resize", () => run && draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => run && draw());
  list();
  // For tests: where a bar is on the screen.
  globalThis.rockyTimeline = {
    bars: () => bars.map((b) => ({ name: b.m[NAME], row: b.row, status: STATUSES[b.m[STATUS]] })),
    at: (name) => {
      const bar = bars.find((b) => b.m[NAME] === name), box = chart.getBoundingClientRect();
      return bar && { x: box.left + left + bar.m[BEGIN] * scale + Math.max(2, bar.m[TOOK] * scale) / 2, y: box.top + AXIS + GAP + bar.row * (HEIGHT + GAP) + HEIGHT / 2 - $("view").scrollTop };
    },
  };
  document.documentElement.dataset.ready = "";
})();
