// The lineage page: unpacks the data, lays the graph out in layers, draws it on a canvas, and keeps panel, list and address in
// step with what is selected. Names come from other people's projects: they are only ever drawn or set as textContent.
"use strict";
(() => {
  const began = performance.now();
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts;
  const N = data.nodes, C = data.columns;
  const $ = (id) => document.getElementById(id);
  const number = (n) => n.toLocaleString("en");
  const count = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;

  // ---- data -------------------------------------------------------------------------------------------------------------

  const SOURCE = 0, FILE = 1, TABLE = 2, INCREMENTAL = 3, VIEW = 4, EPHEMERAL = 5;
  const KINDS = [["source", "Source"], ["file", "File"], ["table", "Table"], ["incremental", "Incremental"], ["view", "View"], ["ephemeral", "Ephemeral"]];
  const nodes = {
    name: new Int32Array(N), kind: new Uint8Array(N), strategy: new Int32Array(N), file: new Int32Array(N), pipeline: new Int32Array(N),
    schema: new Int32Array(N), intent: new Int32Array(N), layer: new Int32Array(N), doubt: new Int32Array(N), tags: new Array(N), start: new Int32Array(N + 1),
  };
  const cols = { name: new Int32Array(C), type: new Int32Array(C), doubt: new Int32Array(C), listed: new Uint8Array(C), node: new Int32Array(C) };
  const text = (i) => (i < 0 ? "" : texts[i]);
  const nodeName = (n) => texts[nodes.name[n]];
  const colName = (c) => texts[cols.name[c]];
  const isSource = (n) => nodes.kind[n] === SOURCE || nodes.kind[n] === FILE;

  /** Compressed rows of `items[i]` by `key[i]`. */
  function rows(n, key) {
    const start = new Int32Array(n + 1), list = new Int32Array(key.length);
    for (let i = 0; i < key.length; i++) start[key[i] + 1]++;
    for (let i = 0; i < n; i++) start[i + 1] += start[i];
    const at = start.slice();
    for (let i = 0; i < key.length; i++) list[at[key[i]]++] = i;
    return { of: (k) => list.subarray(start[k], start[k + 1]) };
  }

  const { reads, edges, influences } = (() => {
    const raw = atob(data.stream), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    let at = 0;
    const next = () => {
      let n = 0, unit = 1;
      for (;;) {
        const b = bytes[at++];
        n += (b & 127) * unit;
        if (b < 128) return n;
        unit *= 128;
      }
    };
    const maybe = () => next() - 1;
    const step = () => { const z = next(); return z % 2 ? -(z + 1) / 2 : z / 2; };
    for (let n = 0, c = 0; n < N; n++) {
      nodes.name[n] = next();
      const kind = texts[next()];
      const strategy = nodes.strategy[n] = maybe();
      nodes.kind[n] = kind === "source" ? SOURCE : kind === "file" ? FILE : kind === "ephemeral" ? EPHEMERAL
        : /view/.test(text(strategy)) ? VIEW : text(strategy) === "full_refresh" ? TABLE : INCREMENTAL;
      nodes.file[n] = maybe(); nodes.pipeline[n] = maybe(); nodes.schema[n] = maybe(); nodes.intent[n] = maybe(); nodes.layer[n] = next();
      nodes.tags[n] = Array.from({ length: next() }, next);
      nodes.doubt[n] = maybe();
      nodes.start[n] = c;
      for (let left = next(); left > 0; left--, c++) {
        cols.name[c] = next(); cols.type[c] = maybe(); cols.doubt[c] = maybe(); cols.listed[c] = next(); cols.node[c] = n;
      }
      nodes.start[n + 1] = c;
    }
    const reads = { from: [], to: [] }, edges = { from: [], to: [], how: [], line: [] }, influences = { from: [], to: [], how: [], line: [] };
    let lastNode = 0, lastCol = 0;
    for (let n = 0; n < N; n++) {
      if (isSource(n)) continue;
      for (let left = next(); left > 0; left--) { reads.from.push(lastNode += step()); reads.to.push(n); }
      // Columns that are read and not listed have no sources of their own in the stream.
      for (let c = nodes.start[n]; c < nodes.start[n + 1] && cols.listed[c]; c++) {
        for (let left = next(); left > 0; left--) { edges.from.push(lastCol += step()); edges.to.push(c); edges.how.push(next()); edges.line.push(next()); }
      }
      for (let left = next(); left > 0; left--) { influences.from.push(lastCol += step()); influences.to.push(n); influences.how.push(next()); influences.line.push(next()); }
    }
    return { reads, edges, influences };
  })();
  const inputs = rows(N, reads.to), outputs = rows(N, reads.from);
  const edgesInto = rows(C, edges.to), edgesFrom = rows(C, edges.from);
  const influencesOn = rows(N, influences.to), influencesOf = rows(C, influences.from);
  const byName = new Map();
  for (let n = N - 1; n >= 0; n--) byName.set(nodeName(n), n);
  const folder = (n) => {
    const parts = text(nodes.file[n]).split("/");
    return parts.length > 2 ? parts[1] : parts.length === 2 ? parts[0] : isSource(n) ? "sources" : "";
  };

  // ---- state ------------------------------------------------------------------------------------------------------------

  const state = { node: -1, col: -1, way: "both", influences: true, focus: null, lens: true, filters: { folder: "", pipeline: "", tag: "", kind: "" } };
  const expanded = new Set();
  let trace = null, visible = [], inView = new Uint8Array(N), lit = null;

  /** Everything reached from a column, with the steps it takes. */
  function follow(col) {
    const walk = (rowsOf, other) => {
      const steps = new Map([[col, 0]]), found = [], queue = [col];
      for (let at = 0; at < queue.length; at++) {
        for (const e of rowsOf.of(queue[at])) {
          found.push(e);
          const next = other[e];
          if (!steps.has(next)) { steps.set(next, steps.get(queue[at]) + 1); queue.push(next); }
        }
      }
      return { steps, edges: found };
    };
    const up = state.way !== "down" ? walk(edgesInto, edges.from) : { steps: new Map([[col, 0]]), edges: [] };
    const down = state.way !== "up" ? walk(edgesFrom, edges.to) : { steps: new Map([[col, 0]]), edges: [] };
    const inf = new Set();
    if (state.influences) {
      if (state.way !== "down") for (const n of new Set([...up.steps.keys()].map((c) => cols.node[c]))) for (const i of influencesOn.of(n)) inf.add(i);
      if (state.way !== "up") for (const c of down.steps.keys()) for (const i of influencesOf.of(c)) inf.add(i);
    }
    const columns = new Map(), show = (c) => {
      const n = cols.node[c];
      if (!columns.has(n)) columns.set(n, new Set());
      columns.get(n).add(c);
    };
    for (const c of up.steps.keys()) show(c);
    for (const c of down.steps.keys()) show(c);
    for (const i of inf) { show(influences.from[i]); if (!columns.has(influences.to[i])) columns.set(influences.to[i], new Set()); }
    for (const [n, set] of columns) columns.set(n, Int32Array.from(set).sort());
    return { col, up, down, influences: [...inf], columns };
  }

  function near(node, steps) {
    const found = new Set([node]);
    for (const [rowsOf, other] of [[inputs, reads.from], [outputs, reads.to]]) {
      let front = [node];
      for (let s = 0; s < steps; s++) {
        const next = [];
        for (const n of front) for (const e of rowsOf.of(n)) if (!found.has(other[e])) { found.add(other[e]); next.push(other[e]); }
        front = next;
      }
    }
    return found;
  }

  function passes(n) {
    const f = state.filters;
    return (!f.folder || folder(n) === f.folder) && (!f.pipeline || text(nodes.pipeline[n]) === f.pipeline)
      && (!f.tag || nodes.tags[n].some((t) => texts[t] === f.tag)) && (!f.kind || KINDS[nodes.kind[n]][0] === f.kind);
  }

  // ---- layout -----------------------------------------------------------------------------------------------------------

  const W = 232, HEAD = 36, ROW = 22, FOOT = 6, GAP = 14, BETWEEN = 96, WRAPPED = 36;
  // Bends of long edges are laid out like cards without height; their numbers follow those of the models.
  const BENDS = 6000;
  const X = new Float32Array(N + BENDS), Y = new Float32Array(N + BENDS), H = new Float32Array(N + BENDS);
  let strips = [], bands = [], links = new Int32Array(0), routes = new Map(), above = [], below = [], bounds = { x: 0, y: 0, w: 1, h: 1 }, wrapped = false;
  const route = (a, b) => routes.get(a * N + b);

  /** The columns that a model's card shows. */
  function shown(n) {
    if (expanded.has(n)) return null;
    return trace ? trace.columns.get(n) || NONE : NONE;
  }
  const NONE = new Int32Array(0);
  const nShown = (n) => { const s = shown(n); return s ? s.length : nodes.start[n + 1] - nodes.start[n]; };
  const nHidden = (n) => { const s = shown(n); return s && s.length ? nodes.start[n + 1] - nodes.start[n] - s.length : 0; };
  const colAt = (n, row) => { const s = shown(n); return s ? s[row] : nodes.start[n] + row; };
  function rowOf(c) {
    const n = cols.node[c], s = shown(n);
    return s ? s.indexOf(c) : c - nodes.start[n];
  }
  const height = (n) => { const r = nShown(n); return HEAD + (r ? r * ROW + (nHidden(n) ? ROW : 0) + FOOT : 0); };

  /** Layers by longest path, order within them by barycentres of the neighbours. */
  function arrange() {
    const list = visible.slice().sort((a, b) => nodes.layer[a] - nodes.layer[b]);
    const rank = new Int32Array(N);
    for (const n of list) {
      let r = 0;
      for (const e of inputs.of(n)) { const p = reads.from[e]; if (inView[p] && nodes.layer[p] < nodes.layer[n]) r = Math.max(r, rank[p] + 1); }
      rank[n] = r;
    }
    for (let i = list.length - 1; i >= 0; i--) {
      const n = list[i];
      if (inputs.of(n).some((e) => inView[reads.from[e]] && reads.from[e] !== n)) continue;
      let r = Infinity;
      for (const e of outputs.of(n)) { const t = reads.to[e]; if (inView[t] && t !== n) r = Math.min(r, rank[t]); }
      if (r !== Infinity && r > 0) rank[n] = r - 1;
    }
    const layers = [];
    for (const n of list) (layers[rank[n]] ||= []).push(n);
    for (let r = 0; r < layers.length; r++) layers[r] ||= [];
    const longest = Math.max(0, ...layers.map((l) => l.length));
    wrapped = longest > 60;
    // Edges between models; where there is room, those that pass over layers get a bend in each.
    const pairs = [];
    let total = 0;
    for (const n of list) for (const e of inputs.of(n)) { const m = reads.from[e]; if (inView[m] && m !== n) { pairs.push(m, n); total += Math.max(0, rank[n] - rank[m] - 1); } }
    links = Int32Array.from(pairs);
    routes = new Map(); above = []; below = [];
    for (const n of list) { above[n] = []; below[n] = []; }
    const join = (m, n) => { below[m].push(n); above[n].push(m); };
    const name = list.length ? (n) => nodeName(n < N ? n : owner[n - N]) : null, owner = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const m = pairs[i], n = pairs[i + 1];
      if (wrapped || total > BENDS || rank[n] - rank[m] < 2) { join(m, n); continue; }
      let last = m;
      const bends = [];
      for (let r = rank[m] + 1; r < rank[n]; r++) {
        const bend = N + owner.push(m) - 1;
        above[bend] = []; below[bend] = [];
        join(last, bend);
        layers[r].push(bend);
        bends.push(last = bend);
      }
      join(last, n);
      routes.set(m * N + n, bends);
    }
    const pos = new Float64Array(N + BENDS), mean = new Float64Array(N + BENDS);
    const count = (layer) => layer.forEach((n, i) => { pos[n] = (i + 0.5) / layer.length; });
    for (const layer of layers) { layer.sort((a, b) => (name(a) < name(b) ? -1 : 1)); count(layer); }
    const sweep = (layer, beside) => {
      for (const n of layer) {
        let sum = 0;
        for (const m of beside[n]) sum += pos[m];
        mean[n] = beside[n].length ? sum / beside[n].length : pos[n];
      }
      layer.sort((a, b) => mean[a] - mean[b] || pos[a] - pos[b]);
      count(layer);
    };
    for (let round = 0; round < (wrapped ? 3 : 8); round++) {
      for (let r = 1; r < layers.length; r++) sweep(layers[r], above);
      for (let r = layers.length - 2; r >= 0; r--) sweep(layers[r], below);
    }
    // A layer of hundreds is folded into several columns, so that the whole has the shape of a window.
    let tall = Math.max(1, ...layers.map((l) => l.length));
    if (wrapped) {
      const shape = Math.max(0.8, size.w / Math.max(1, size.h));
      for (tall = 24; tall < longest; tall = Math.ceil(tall * 1.06)) {
        let wide = 0;
        for (const l of layers) wide += Math.ceil(l.length / tall) * (W + WRAPPED) + BETWEEN;
        if (wide <= shape * tall * (HEAD + GAP)) break;
      }
    }
    strips = [];
    bands = [];
    let x = 0;
    layers.forEach((layer, r) => {
      const parts = Math.max(1, Math.ceil(layer.length / tall)), each = Math.ceil(layer.length / parts), from = x;
      for (let p = 0; p < parts; p++) {
        const all = layer.slice(p * each, (p + 1) * each);
        if (!all.length) continue;
        strips.push({ x, all, nodes: all.filter((n) => n < N) });
        for (const n of all) X[n] = x;
        x += W + (p + 1 < parts ? WRAPPED : BETWEEN);
      }
      const folders = new Map();
      for (const n of layer) if (n < N) folders.set(folder(n), (folders.get(folder(n)) || 0) + 1);
      const [[most, times] = ["", 0]] = [...folders].sort((a, b) => b[1] - a[1]);
      if (layer.length) bands.push({ x: from, w: x - BETWEEN - from, label: most && times * 2 > layer.length ? most : `layer ${r + 1}`, n: layer.length });
    });
    place();
  }

  /** Heights and vertical places: near the neighbours' middles, without overlaps (isotonic regression by pooling). */
  function place() {
    for (const strip of strips) for (const n of strip.all) H[n] = n < N ? height(n) : 2;
    const stack = (strip) => {
      let total = -GAP;
      for (const n of strip.all) total += H[n] + GAP;
      let y = wrapped ? 0 : -total / 2;
      for (const n of strip.all) { Y[n] = y; y += H[n] + GAP; }
    };
    strips.forEach(stack);
    if (!wrapped) {
      const middle = (n) => Y[n] + Math.min(H[n], 4 * HEAD) / 2;
      const settle = (strip, sides) => {
        const blocks = [];
        let offset = 0;
        for (const n of strip.all) {
          let sum = 0, k = 0;
          for (const side of sides) for (const m of side[n]) { const w = n >= N && m >= N ? 6 : n >= N || m >= N ? 2 : 1; sum += middle(m) * w; k += w; }
          const want = (k ? sum / k : middle(n)) - Math.min(H[n], 4 * HEAD) / 2 - offset;
          offset += H[n] + GAP;
          let block = { sum: want * Math.max(1, k), weight: Math.max(1, k), n: 1 };
          while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].weight > block.sum / block.weight) {
            const last = blocks.pop();
            block = { sum: block.sum + last.sum, weight: block.weight + last.weight, n: block.n + last.n };
          }
          blocks.push(block);
        }
        let i = 0;
        offset = 0;
        for (const b of blocks) for (let j = 0; j < b.n; j++, i++) { const n = strip.all[i]; Y[n] = b.sum / b.weight + offset; offset += H[n] + GAP; }
      };
      for (let round = 0; round < 6; round++) {
        for (let s = 1; s < strips.length; s++) settle(strips[s], [above]);
        for (let s = strips.length - 2; s >= 0; s--) settle(strips[s], [below]);
      }
      for (let s = 0; s < strips.length; s++) settle(strips[s], [above, below]);
    }
    let x1 = Infinity, y1 = Infinity, x2 = -Infinity, y2 = -Infinity;
    for (const n of visible) { x1 = Math.min(x1, X[n]); y1 = Math.min(y1, Y[n]); x2 = Math.max(x2, X[n] + W); y2 = Math.max(y2, Y[n] + H[n]); }
    bounds = visible.length ? { x: x1, y: y1, w: x2 - x1, h: y2 - y1 } : { x: 0, y: 0, w: 1, h: 1 };
    map.dirty = true;
    changed();
  }

  /** Recompute what is visible, then lay it out. */
  function refresh() {
    trace = state.col >= 0 ? follow(state.col) : null;
    let list = [];
    const focus = state.focus;
    const keep = trace && focus === "trace" ? trace.columns : typeof focus === "number" && state.node >= 0 ? near(state.node, focus) : null;
    for (let n = 0; n < N; n++) if (keep ? keep.has(n) : passes(n)) list.push(n);
    visible = list;
    inView = new Uint8Array(N);
    for (const n of list) inView[n] = 1;
    $("empty").hidden = list.length > 0;
    relight();
    arrange();
    showMode();
    showCounts();
    if (!$("list").hidden) showList();
  }

  /** Which models stay bright. */
  function relight() {
    lit = null;
    if (trace) lit = new Set(trace.columns.keys());
    else if (state.node >= 0 && typeof state.focus !== "number") lit = near(state.node, 1);
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------------

  const canvas = $("graph"), ctx = canvas.getContext("2d", { alpha: false });
  const size = { w: 1, h: 1, ratio: 1 }, view = { x: 0, y: 0, k: 1 };
  let colours = {};
  function readColours() {
    const style = getComputedStyle(document.documentElement), of = (name) => style.getPropertyValue("--" + name).trim();
    colours = {};
    for (const name of ["bg", "surface", "raised", "line", "text", "muted", "faint", "accent", "accent-soft", "up", "down", "influence", "doubt", "edge", "grid"]) colours[name] = of(name);
    colours.kind = KINDS.map(([k]) => of("k-" + k));
  }
  const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif', MONO = "ui-monospace, SFMono-Regular, Menlo, monospace";
  const NAME = `600 13px ${SANS}`, COL = `12.5px ${SANS}`, TYPE = `10.5px ${MONO}`, SMALL = `11px ${SANS}`;
  const fitted = new Map();
  function fit(c, value, font, room) {
    const key = font.length + ":" + room + ":" + value;
    let found = fitted.get(key);
    if (found !== undefined) return found;
    // Most names are short: no letter of these fonts is wider.
    if (value.length * (font === TYPE ? 7 : 9.5) <= room && value.length < 60) return value;
    c.font = font;
    found = value.length > 300 ? value.slice(0, 300) : value;
    if (c.measureText(found).width > room) {
      let low = 0, high = found.length;
      while (low < high) { const mid = (low + high + 1) >> 1; if (c.measureText(found.slice(0, mid) + "…").width <= room) low = mid; else high = mid - 1; }
      found = found.slice(0, low) + "…";
    }
    if (fitted.size > 60000) fitted.clear();
    fitted.set(key, found);
    return found;
  }

  let scene = null, dirty = true, asked = false, moving = 0;
  const stats = { frames: 0, renders: 0, lastRender: 0, firstPaint: 0 };
  function changed() { dirty = true; ask(); }
  function ask() { if (!asked) { asked = true; requestAnimationFrame(frame); } }

  /** Models whose cards meet a rectangle. */
  function within(x1, y1, x2, y2, visit) {
    for (const strip of strips) {
      if (strip.x > x2 || strip.x + W < x1) continue;
      const list = strip.nodes;
      let low = 0, high = list.length;
      while (low < high) { const mid = (low + high) >> 1; if (Y[list[mid]] + H[list[mid]] < y1) low = mid + 1; else high = mid; }
      for (let i = low; i < list.length && Y[list[i]] <= y2; i++) visit(list[i]);
    }
  }

  const busyNow = () => performance.now() - moving < 90;
  function frame() {
    asked = false;
    stats.frames++;
    const area = { x: view.x, y: view.y, w: size.w / view.k, h: size.h / view.k };
    // Drawing is recorded and executed later: what it cost shows in when the next frame comes.
    if (scene && scene.at) { scene.cost = Math.max(scene.cost, Math.min(400, performance.now() - scene.at - 17)); scene.at = 0; }
    const covers = scene && scene.k === view.k && area.x >= scene.x && area.y >= scene.y && area.x + area.w <= scene.x + scene.w && area.y + area.h <= scene.y + scene.h;
    const busy = busyNow();
    // While the scale changes, a scene that was dear is stretched; it is drawn again when it was stretched much, or at rest.
    const stretched = scene && scene.k !== view.k && busy && scene.cost > 12 && view.k < scene.k * 1.7 && view.k > scene.k / 1.5;
    if (dirty || !scene || (!covers && !stretched)) draw(area, busy && scene && scene.k !== view.k ? 0.04 : 0.3);
    else if (!covers) setTimeout(ask, 100);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = colours.bg;
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    const f = (view.k / scene.k);
    ctx.imageSmoothingEnabled = f !== 1;
    const dx = (scene.x - view.x) * view.k * size.ratio, dy = (scene.y - view.y) * view.k * size.ratio;
    if (f === 1) ctx.drawImage(scene.canvas, Math.round(dx), Math.round(dy));
    else ctx.drawImage(scene.canvas, dx, dy, scene.canvas.width * f, scene.canvas.height * f);
    drawMap();
    if (!stats.firstPaint) {
      stats.firstPaint = performance.now();
      performance.mark("lineage-first-paint");
      document.documentElement.dataset.ready = "1";
    }
  }

  /** Draws the scene around an area into its own canvas; moving the view then costs one copy. */
  function draw(area, margin) {
    const t = performance.now();
    const grow = { x: area.x - area.w * margin, y: area.y - area.h * margin, w: area.w * (1 + 2 * margin), h: area.h * (1 + 2 * margin) };
    const off = scene ? scene.canvas : document.createElement("canvas");
    const pw = Math.ceil(grow.w * view.k * size.ratio), ph = Math.ceil(grow.h * view.k * size.ratio);
    if (off.width !== pw || off.height !== ph) { off.width = pw; off.height = ph; }
    const c = off.getContext("2d", { alpha: false });
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalAlpha = 1;
    c.fillStyle = colours.bg;
    c.fillRect(0, 0, pw, ph);
    const scale = view.k * size.ratio;
    c.setTransform(scale, 0, 0, scale, -grow.x * scale, -grow.y * scale);
    paint(c, grow);
    dirty = false;
    stats.renders++;
    stats.lastRender = performance.now() - t;
    scene = { canvas: off, k: view.k, x: grow.x, y: grow.y, w: pw / scale, h: ph / scale, cost: stats.lastRender, at: busyNow() ? performance.now() : 0 };
  }

  function paint(c, area) {
    const k = view.k, x1 = area.x, y1 = area.y, x2 = area.x + area.w, y2 = area.y + area.h;
    const hair = 1 / k;
    // Edges between models. Where thousands cross, those that only pass by say nothing and cost most: they are left out. Paths
    // are kept short, since a rasteriser's work grows faster than their length.
    const bright = lit && !trace ? [] : null, rank = state.node, crowd = links.length > 3000 && k >= 0.08;
    c.lineWidth = Math.max(1.1, 0.7 * hair);
    c.strokeStyle = colours.edge;
    c.globalAlpha = (k < 0.14 ? Math.max(0.1, Math.min(0.5, 2500 / (links.length + 1))) : crowd ? 0.4 : 0.9) * (lit ? 0.35 : 1);
    c.setLineDash([]);
    c.beginPath();
    const near = (x, y) => x > x1 - W && x < x2 + W && y > y1 && y < y2;
    for (let i = 0, batch = 0; i < links.length; i += 2) {
      const a = links[i], b = links[i + 1];
      if (bright && (a === rank || b === rank)) { bright.push(a, b); continue; }
      const ax = X[a] + W, ay = Y[a] + HEAD / 2, bx = X[b], by = Y[b] + HEAD / 2, via = route(a, b);
      if (crowd ? !near(ax, ay) && !near(bx, by) : !via && (Math.max(ax, bx) < x1 || Math.min(ax, bx) > x2 || Math.max(ay, by) < y1 || Math.min(ay, by) > y2)) continue;
      c.moveTo(ax, ay);
      if (k < 0.14) c.lineTo(bx, by); else line(c, ax, ay, bx, by, via, 0);
      if (++batch === 100) { c.stroke(); c.beginPath(); batch = 0; }
    }
    c.stroke();
    c.globalAlpha = 1;
    for (let i = 0; bright && i < bright.length; i += 2) curve(c, X[bright[i]] + W, Y[bright[i]] + HEAD / 2, X[bright[i + 1]], Y[bright[i + 1]] + HEAD / 2, bright[i] === rank ? colours.down : colours.up, Math.max(1.8, 1.4 * hair), null, true, route(bright[i], bright[i + 1]));
    if (wrapped && k < 0.3) {
      c.textBaseline = "bottom";
      for (const band of bands) {
        if (band.w * k < 44) continue;
        c.fillStyle = colours.muted;
        const label = fit(c, band.label, NAME, Math.round(band.w * k));
        c.font = `600 ${13 / k}px ${SANS}`;
        c.fillText(label, band.x, bounds.y - 24 * hair);
        c.font = `${11.5 / k}px ${SANS}`;
        c.fillStyle = colours.faint;
        c.fillText(number(band.n), band.x, bounds.y - 9 * hair);
      }
    }
    // Models.
    if (k < 0.2) {
      const heaps = KINDS.map(() => [[], []]);
      within(x1, y1, x2, y2, (n) => heaps[nodes.kind[n]][lit && !lit.has(n) ? 1 : 0].push(n));
      heaps.forEach((heap, kind) => heap.forEach((list, dim) => {
        if (!list.length) return;
        c.globalAlpha = dim ? 0.22 : 0.92;
        c.fillStyle = colours.kind[kind];
        c.beginPath();
        for (const n of list) c.rect(X[n], Y[n], W, H[n]);
        c.fill();
      }));
      c.globalAlpha = 1;
      if (state.node >= 0 && inView[state.node]) { c.strokeStyle = colours.accent; c.lineWidth = 3 * hair; c.strokeRect(X[state.node] - 3 * hair, Y[state.node] - 3 * hair, W + 6 * hair, H[state.node] + 6 * hair); }
    } else if (k < 0.42) small(c, area, k);
    else within(x1, y1, x2, y2, (n) => card(c, n, k, y1, y2));
    // Column edges of the trace, or of expanded models.
    if (trace) {
      c.globalAlpha = 1;
      const thick = Math.max(1.6, 1.3 * hair);
      for (const i of trace.influences) influenceEdge(c, i, thick);
      for (const e of trace.up.edges) valueEdge(c, e, colours.up, thick);
      for (const e of trace.down.edges) valueEdge(c, e, colours.down, thick);
    } else if (k >= 0.2) {
      let budget = 3000;
      for (const n of expanded) {
        if (!inView[n] || (lit && !lit.has(n))) continue;
        for (let col = nodes.start[n]; col < nodes.start[n + 1] && budget > 0; col++)
          for (const e of edgesInto.of(col)) if (inView[cols.node[edges.from[e]]]) { budget--; valueEdge(c, e, colours.faint, 1.1); }
      }
    }
  }

  /** A smooth line through the bends of an edge. */
  function line(c, ax, ay, bx, by, via, shift) {
    const part = (x, y) => { const d = x >= ax ? Math.max(24, (x - ax) / 2) : 120; c.bezierCurveTo(ax + d, ay, x - d, y, x, y); ax = x; ay = y; };
    for (const v of via || NONE) { const y = Y[v] + 1 + shift; part(X[v], y); c.lineTo(ax = X[v] + W, y); }
    part(bx, by);
  }
  function curve(c, ax, ay, bx, by, colour, thick, dash, arrow, via, shift = 0) {
    const tip = arrow ? thick * 3.2 : 0;
    c.strokeStyle = colour;
    c.lineWidth = thick;
    c.setLineDash(dash || []);
    c.beginPath();
    c.moveTo(ax, ay);
    line(c, ax, ay, bx - tip, by, via, shift);
    c.stroke();
    if (!arrow) return;
    c.setLineDash([]);
    c.fillStyle = colour;
    c.beginPath();
    c.moveTo(bx, by);
    c.lineTo(bx - tip * 1.5, by - tip * 0.8);
    c.lineTo(bx - tip * 1.5, by + tip * 0.8);
    c.fill();
  }

  const anchor = (col) => { const n = cols.node[col], r = rowOf(col); return Y[n] + (r >= 0 && nShown(n) ? HEAD + r * ROW + ROW / 2 : HEAD / 2); };
  function valueEdge(c, e, colour, thick) {
    const from = edges.from[e], to = edges.to[e], a = cols.node[from], b = cols.node[to];
    if (!inView[a] || !inView[b]) return;
    const doubtful = !cols.listed[from] || (cols.doubt[to] >= 0 && isSource(a));
    if (a === b) {
      // A model that reads its own target: a loop at its right side.
      const y1 = anchor(from), y2 = anchor(to), x = X[a] + W;
      c.setLineDash([]); c.strokeStyle = colour; c.lineWidth = thick; c.beginPath(); c.moveTo(x, y1); c.bezierCurveTo(x + 34, y1 - 14, x + 34, y2 + 14, x, y2 + 3); c.stroke();
      return;
    }
    curve(c, X[a] + W, anchor(from), X[b], anchor(to), colour, thick, doubtful ? [2, 4] : null, true, route(a, b), (from % 3) * 3);
    if (doubtful && view.k > 0.35) mark(c, (X[a] + W + X[b]) / 2, (anchor(from) + anchor(to)) / 2);
  }
  function mark(c, x, y) {
    c.setLineDash([]);
    c.fillStyle = colours.bg; c.beginPath(); c.arc(x, y, 8, 0, 7); c.fill();
    c.fillStyle = colours.doubt; c.font = NAME; c.textAlign = "center"; c.textBaseline = "middle"; c.fillText("?", x, y + 0.5); c.textAlign = "left";
  }
  function influenceEdge(c, i, thick) {
    const from = influences.from[i], a = cols.node[from], b = influences.to[i];
    if (!inView[a] || !inView[b] || a === b) return;
    c.globalAlpha = 0.8;
    curve(c, X[a] + W, anchor(from), X[b], Y[b] + HEAD / 2, colours.influence, thick * 0.85, [6, 4], true, route(a, b), -3 - (from % 3) * 3);
    c.globalAlpha = 1;
  }

  /** Cards too small for details, thousands at once: few paths, names alone. */
  function small(c, area, k) {
    const heaps = [[], []];
    within(area.x, area.y, area.x + area.w, area.y + area.h, (n) => (n === state.node || nShown(n) ? heaps[2] ||= [] : heaps[lit && !lit.has(n) ? 1 : 0]).push(n));
    [0, 1].forEach((dim) => {
      const list = heaps[dim];
      c.globalAlpha = dim ? 0.32 : 1;
      c.setLineDash([]);
      c.beginPath();
      for (const n of list) c.rect(X[n], Y[n], W, H[n]);
      c.fillStyle = colours.raised;
      c.fill();
      c.lineWidth = Math.max(1, 0.8 / k);
      c.strokeStyle = colours.line;
      c.stroke();
      KINDS.forEach((_, kind) => {
        c.fillStyle = colours.kind[kind];
        c.beginPath();
        for (const n of list) if (nodes.kind[n] === kind) c.rect(X[n], Y[n], 7, H[n]);
        c.fill();
      });
      if (k >= 0.27) {
        c.font = NAME;
        c.textBaseline = "middle";
        c.fillStyle = colours.text;
        for (const n of list) c.fillText(fit(c, nodeName(n), NAME, W - 28), X[n] + 15, Y[n] + HEAD / 2);
      } else {
        c.globalAlpha *= 0.4;
        c.fillStyle = colours.muted;
        c.beginPath();
        for (const n of list) c.rect(X[n] + 16, Y[n] + HEAD / 2 - 4, Math.min(W - 40, nodeName(n).length * 6.5), 8);
        c.fill();
      }
    });
    c.globalAlpha = 1;
    for (const n of heaps[2] || []) card(c, n, k, area.y, area.y + area.h);
  }

  function card(c, n, k, y1, y2) {
    const x = X[n], y = Y[n], h = H[n], kind = colours.kind[nodes.kind[n]], dim = lit && !lit.has(n);
    c.globalAlpha = dim ? 0.32 : 1;
    c.setLineDash([]);
    c.beginPath();
    c.roundRect(x, y, W, h, 8);
    c.fillStyle = colours.raised;
    c.fill();
    const selected = n === state.node;
    c.lineWidth = selected ? Math.max(2, 2 / k) : Math.max(1, 0.8 / k);
    c.strokeStyle = selected ? colours.accent : trace && lit.has(n) ? colours.faint : colours.line;
    if (nodes.kind[n] === EPHEMERAL && !selected) c.setLineDash([5, 3]);
    c.stroke();
    c.setLineDash([]);
    c.beginPath();
    c.roundRect(x, y, 5, h, [8, 0, 0, 8]);
    c.fillStyle = kind;
    c.fill();
    c.textBaseline = "middle";
    const total = nodes.start[n + 1] - nodes.start[n], middle = y + HEAD / 2 + 0.5;
    if (k >= 0.3) {
      let room = W - 28;
      if (k >= 0.5) {
        c.font = SMALL;
        c.textAlign = "right";
        c.fillStyle = nodes.doubt[n] >= 0 ? colours.doubt : colours.faint;
        const tail = (total ? number(total) : "") + (nodes.doubt[n] >= 0 ? (total ? "+?" : "?") : "");
        c.fillText(tail, x + W - 12, middle);
        room -= 8 + tail.length * 7;
        c.textAlign = "left";
      }
      c.fillStyle = colours.text;
      const name = fit(c, nodeName(n), NAME, room);
      c.font = NAME;
      c.fillText(name, x + 15, middle);
    } else {
      // Too small to read: a bar as long as the name.
      c.fillStyle = colours.muted;
      c.globalAlpha *= 0.45;
      c.fillRect(x + 15, middle - 4, Math.min(W - 40, nodeName(n).length * 6.5), 8);
      c.globalAlpha = dim ? 0.32 : 1;
    }
    const r = nShown(n);
    if (!r) { c.globalAlpha = 1; return; }
    c.strokeStyle = colours.line;
    c.lineWidth = 1;
    c.beginPath(); c.moveTo(x + 5, y + HEAD); c.lineTo(x + W, y + HEAD); c.stroke();
    if (k < 0.3) { c.globalAlpha = 1; return; }
    const first = Math.max(0, Math.floor((y1 - y - HEAD) / ROW)), last = Math.min(r, Math.ceil((y2 - y - HEAD) / ROW));
    for (let i = first; i < last; i++) {
      const col = colAt(n, i), top = y + HEAD + i * ROW, mid = top + ROW / 2 + 0.5;
      const up = trace && trace.up.steps.has(col), down = trace && trace.down.steps.has(col), me = col === state.col;
      if (me) { c.fillStyle = colours["accent-soft"]; c.fillRect(x + 5, top, W - 6, ROW); }
      if (trace && (up || down)) { c.fillStyle = me ? colours.accent : up ? colours.up : colours.down; c.beginPath(); c.arc(x + 14, mid - 0.5, 3, 0, 7); c.fill(); }
      else if (trace && !expanded.has(n)) { c.fillStyle = colours.influence; c.beginPath(); c.arc(x + 14, mid - 0.5, 3, 0, 7); c.fill(); }
      const type = text(cols.type[col]);
      let room = W - 40;
      if (type && k >= 0.5) {
        const shownType = fit(c, type, TYPE, 92);
        c.font = TYPE;
        c.fillStyle = colours.faint;
        c.textAlign = "right";
        c.fillText(shownType, x + W - 12, mid);
        c.textAlign = "left";
        room -= Math.min(96, shownType.length * 6.6 + 8);
      }
      const doubtful = cols.doubt[col] >= 0 || !cols.listed[col];
      const name = fit(c, colName(col), COL, room - (doubtful ? 12 : 0));
      c.font = me ? `600 12.5px ${SANS}` : COL;
      c.fillStyle = !trace || up || down ? colours.text : colours.muted;
      c.fillText(name, x + 24, mid);
      if (doubtful) { const w = c.measureText(name).width; c.fillStyle = colours.doubt; c.font = NAME; c.fillText("?", x + 28 + w, mid); }
    }
    const more = nHidden(n);
    if (more) { c.font = SMALL; c.fillStyle = colours.muted; c.fillText(`+ ${number(more)} more`, x + 24, y + HEAD + r * ROW + ROW / 2); }
    c.globalAlpha = 1;
  }

  // ---- map --------------------------------------------------------------------------------------------------------------

  const map = { canvas: $("map"), still: document.createElement("canvas"), dirty: true, x: 0, y: 0, k: 1 };
  function drawMap() {
    const m = map.canvas, ratio = size.ratio, w = m.clientWidth, h = m.clientHeight;
    if (!w) return;
    if (m.width !== Math.round(w * ratio)) { m.width = Math.round(w * ratio); m.height = Math.round(h * ratio); map.dirty = true; }
    const c = m.getContext("2d");
    if (map.dirty) {
      map.dirty = false;
      const s = map.still;
      s.width = m.width; s.height = m.height;
      const pad = 8;
      map.k = Math.min((w - 2 * pad) / bounds.w, (h - 2 * pad) / bounds.h);
      map.x = bounds.x - (w / map.k - bounds.w) / 2;
      map.y = bounds.y - (h / map.k - bounds.h) / 2;
      const o = s.getContext("2d");
      o.scale(ratio, ratio);
      KINDS.forEach((_, kind) => {
        for (const dim of [true, false]) {
          o.globalAlpha = dim ? 0.3 : 0.9;
          o.fillStyle = colours.kind[kind];
          o.beginPath();
          for (const n of visible) if (nodes.kind[n] === kind && (lit && !lit.has(n)) === dim || (nodes.kind[n] === kind && !lit && !dim))
            o.rect((X[n] - map.x) * map.k, (Y[n] - map.y) * map.k, Math.max(1, W * map.k), Math.max(1, H[n] * map.k - 0.4));
          o.fill();
        }
      });
    }
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, m.width, m.height);
    c.drawImage(map.still, 0, 0);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x1 = Math.max(1, (view.x - map.x) * map.k), y1 = Math.max(1, (view.y - map.y) * map.k);
    const x2 = Math.min(w - 1, (view.x + size.w / view.k - map.x) * map.k), y2 = Math.min(h - 1, (view.y + size.h / view.k - map.y) * map.k);
    c.strokeStyle = colours.accent;
    c.lineWidth = 1.5;
    c.globalAlpha = 0.1; c.fillStyle = colours.accent; c.fillRect(x1, y1, Math.max(3, x2 - x1), Math.max(3, y2 - y1)); c.globalAlpha = 1;
    c.strokeRect(x1, y1, Math.max(3, x2 - x1), Math.max(3, y2 - y1));
  }
  function mapTo(event) {
    const box = map.canvas.getBoundingClientRect();
    view.x = (event.clientX - box.left) / map.k + map.x - size.w / view.k / 2;
    view.y = (event.clientY - box.top) / map.k + map.y - size.h / view.k / 2;
    moved();
  }
  map.canvas.addEventListener("pointerdown", (e) => { map.canvas.setPointerCapture(e.pointerId); mapTo(e); });
  map.canvas.addEventListener("pointermove", (e) => { if (e.buttons) mapTo(e); });

  // ---- moving -----------------------------------------------------------------------------------------------------------

  let flight = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  function moved() { moving = performance.now(); hideTip(); ask(); }
  const limit = (k) => Math.min(2.5, Math.max(Math.min(0.02, fitScale()), k));
  const fitScale = () => Math.min((size.w - 64) / bounds.w, (size.h - 96) / bounds.h);
  function zoomAt(sx, sy, factor) {
    flight++;
    const k = limit(view.k * factor);
    view.x += sx / view.k - sx / k;
    view.y += sy / view.k - sy / k;
    view.k = k;
    moved();
  }
  function fly(to) {
    const mine = ++flight, from = { ...view }, start = performance.now();
    if (calm.matches) { Object.assign(view, to); return moved(); }
    // The middle moves and the scale grows evenly for the eye.
    const mid = (v) => [v.x + size.w / v.k / 2, v.y + size.h / v.k / 2];
    const [ax, ay] = mid(from), [bx, by] = mid(to);
    const tick = () => {
      if (mine !== flight) return;
      const t = Math.min(1, (performance.now() - start) / 260), e = 1 - (1 - t) ** 3;
      view.k = t === 1 ? to.k : from.k * (to.k / from.k) ** e;
      view.x = ax + (bx - ax) * e - size.w / view.k / 2;
      view.y = ay + (by - ay) * e - size.h / view.k / 2;
      moved();
      if (t < 1) requestAnimationFrame(tick);
    };
    tick();
  }
  /** The part of the window that no panel covers: on small screens it lies over the graph. */
  function free() {
    const panel = $("panel"), covered = !panel.hidden && getComputedStyle(panel).position === "absolute" ? panel.offsetHeight : 0;
    return { w: size.w, h: Math.max(120, size.h - covered) };
  }
  function fittedView(box, most) {
    const { w, h } = free(), k = Math.max(Math.min((w - Math.min(64, w * 0.1)) / box.w, (h - Math.min(120, h * 0.2)) / box.h, most), 0.0005);
    return { k, x: box.x - (w / k - box.w) / 2, y: box.y - (h / k - box.h) / 2 };
  }
  function fitAll(now) {
    const to = fittedView(bounds, 1.15);
    if (now) { flight++; Object.assign(view, to); moved(); } else fly(to);
  }
  /** Bring a model to where it can be read. */
  function reveal(n) {
    if (!inView[n]) return;
    const k = Math.max(view.k, 0.75), room = free(), h = Math.min(H[n], room.h / k * 0.8);
    fly({ k, x: X[n] + W / 2 - room.w / k / 2, y: Y[n] + h / 2 - room.h / k / 2 });
  }

  function resize() {
    const box = $("stage").getBoundingClientRect(), w = Math.max(1, box.width), h = Math.max(1, box.height), ratio = Math.min(2, devicePixelRatio || 1);
    if (w === size.w && h === size.h && ratio === size.ratio) return;
    size.w = w; size.h = h; size.ratio = ratio;
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
    changed();
  }

  function hit(sx, sy) {
    const x = sx / view.k + view.x, y = sy / view.k + view.y;
    let found = null;
    within(x, y, x, y, (n) => {
      if (x < X[n] || x > X[n] + W || y < Y[n] || y > Y[n] + H[n]) return;
      const row = Math.floor((y - Y[n] - HEAD) / ROW), r = nShown(n);
      found = { node: n, col: -1, more: false };
      if (row >= 0 && row < r && view.k >= 0.3) found.col = colAt(n, row);
      else if (row === r && nHidden(n)) found.more = true;
    });
    return found;
  }

  const pointers = new Map();
  let pressed = null, pinch = 0;
  const local = (e) => { const box = canvas.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
  canvas.addEventListener("pointerdown", (e) => {
    if (e.button > 1) return;
    canvas.setPointerCapture(e.pointerId);
    canvas.focus({ preventScroll: true });
    pointers.set(e.pointerId, local(e));
    pressed = pointers.size === 1 ? { at: local(e), moved: false } : null;
    pinch = 0;
    flight++;
  });
  canvas.addEventListener("pointermove", (e) => {
    const at = local(e), last = pointers.get(e.pointerId);
    if (!last) return hover(at);
    pointers.set(e.pointerId, at);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()], far = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (pinch) zoomAt((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, far / pinch);
      pinch = far;
    }
    if (pressed && !pressed.moved && Math.hypot(at[0] - pressed.at[0], at[1] - pressed.at[1]) < 4) return;
    if (pressed) { pressed.moved = true; canvas.classList.add("drag"); }
    view.x -= (at[0] - last[0]) / view.k / pointers.size;
    view.y -= (at[1] - last[1]) / view.k / pointers.size;
    moved();
  });
  const release = (e) => {
    pointers.delete(e.pointerId);
    pinch = 0;
    canvas.classList.remove("drag");
    if (e.type === "pointerup" && pressed && !pressed.moved) click(hit(...pressed.at), e);
    pressed = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => hideTip());
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    const unit = e.deltaMode === 1 ? 18 : e.deltaMode === 2 ? 300 : 1;
    zoomAt(...local(e), Math.exp(-Math.max(-240, Math.min(240, e.deltaY * unit)) * (e.ctrlKey ? 0.01 : 0.0022)));
  }, { passive: false });
  canvas.addEventListener("dblclick", (e) => { const found = hit(...local(e)); if (found && found.col < 0) { select(found.node); focusOn(2); } });

  function click(found, e) {
    if (!found) { if (state.node >= 0) clear(); return; }
    if (found.more) return toggle(found.node, true);
    if (found.col >= 0) return selectColumn(found.col);
    if (e.detail > 1) return;
    if (view.k < 0.3) { select(found.node); resize(); return reveal(found.node); }
    if (state.col >= 0 && trace && trace.columns.has(found.node)) return toggle(found.node);
    const again = state.node === found.node;
    select(found.node);
    if (again || !expanded.has(found.node)) toggle(found.node);
    nudge(found.node);
  }
  /** Open or close a model's columns; its place on the screen stays. */
  function toggle(n, open) {
    const before = Y[n];
    if (expanded.has(n) && !open) expanded.delete(n); else expanded.add(n);
    place();
    view.y += Y[n] - before;
    changed();
    if (n === state.node && state.col < 0) showPanel();
  }
  /** Move as little as needed for a model's head not to be hidden, as by the panel that just opened. */
  function nudge(n) {
    resize();
    if (!inView[n]) return;
    const left = (X[n] - view.x) * view.k, right = left + W * view.k, pad = 24;
    const over = right > size.w - pad ? right - size.w + pad : left < pad ? left - pad : 0;
    if (over && W * view.k < size.w - 2 * pad) fly({ k: view.k, x: view.x + over / view.k, y: view.y });
  }

  let tipFor = "";
  function hover(at) {
    const found = hit(...at);
    canvas.classList.toggle("over", !!found);
    const key = found ? found.node + ":" + found.col : "";
    if (key === tipFor) return;
    tipFor = key;
    if (!found || found.more) return hideTip();
    const n = found.node, tip = $("tip"), lines = [];
    if (found.col >= 0) {
      const c = found.col;
      lines.push(el("b", {}, colName(c)), " ", el("span", { class: "sub" }, text(cols.type[c])));
      if (cols.doubt[c] >= 0) lines.push(el("div", {}, text(cols.doubt[c])));
      if (!cols.listed[c]) lines.push(el("div", {}, "read by others, not listed: the columns of this relation are not all known"));
    } else {
      lines.push(el("b", {}, nodeName(n)), el("div", { class: "sub" }, [KINDS[nodes.kind[n]][1], text(nodes.file[n]), count(nodes.start[n + 1] - nodes.start[n], "column")].filter(Boolean).join(" · ")));
    }
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const x = Math.min(at[0] + 14, size.w - tip.offsetWidth - 8), y = at[1] + 20 + tip.offsetHeight > size.h ? at[1] - tip.offsetHeight - 10 : at[1] + 20;
    tip.style.left = Math.max(8, x) + "px";
    tip.style.top = y + "px";
  }
  function hideTip() { tipFor = ""; $("tip").hidden = true; }

  // ---- selection --------------------------------------------------------------------------------------------------------

  function select(n, options = {}) {
    const was = state.col >= 0;
    state.node = n;
    state.col = -1;
    if (state.focus === "trace" || (!inView[n] && typeof state.focus !== "number")) state.focus = null;
    if (!inView[n] && !passes(n)) clearFilters();
    if (was || !inView[n] || typeof state.focus === "number") refresh(); else { trace = null; relight(); map.dirty = true; changed(); showMode(); }
    showPanel();
    if (!options.quiet) address();
    say(`${nodeName(n)}, ${count(nodes.start[n + 1] - nodes.start[n], "column")}`);
  }
  function selectColumn(c, options = {}) {
    const before = state.focus === "trace" || !inView[cols.node[c]] ? null : { x: (X[cols.node[c]] - view.x) * view.k };
    state.node = cols.node[c];
    state.col = c;
    if (typeof state.focus === "number") state.focus = null;
    if (!passes(state.node)) clearFilters();
    state.focus = state.lens && (N > 60 || state.focus === "trace") ? "trace" : null;
    refresh();
    showPanel();
    resize();
    if (state.focus === "trace" || options.show || !before) fitTrace(options.now); else changed();
    if (!options.quiet) address();
    say(`${nodeName(state.node)}.${colName(c)}: ${count(trace.up.steps.size - 1, "column")} above, ${count(trace.down.steps.size - 1, "column")} below`);
  }
  function fitTrace(now) {
    let box = bounds;
    if (state.focus !== "trace") {
      const list = [...trace.columns.keys()].filter((n) => inView[n]);
      const x1 = Math.min(...list.map((n) => X[n])), y1 = Math.min(...list.map((n) => Y[n]));
      box = { x: x1, y: y1, w: Math.max(...list.map((n) => X[n])) + W - x1, h: Math.max(...list.map((n) => Y[n] + H[n])) - y1 };
    }
    const to = fittedView(box, 1.15);
    // A large trace is not shrunk to dust: it is shown around the column, at a size that can be read.
    if (to.k < 0.5) {
      to.k = 0.62;
      to.x = X[state.node] + W / 2 - free().w / to.k / 2;
      to.y = anchor(state.col) - free().h / to.k / 2;
    }
    if (now) { flight++; Object.assign(view, to); moved(); } else fly(to);
  }
  function focusOn(steps) {
    if (state.node < 0) return;
    state.col = -1;
    state.focus = steps;
    refresh();
    showPanel();
    resize();
    const to = fittedView(bounds, 1.15);
    if (to.k < 0.3) reveal(state.node); else fly(to);
    address();
  }
  function unfocus() {
    state.focus = null;
    if (state.col >= 0) state.lens = false;
    refresh();
    showPanel();
    if (state.node >= 0) reveal(state.node); else fitAll();
    address();
  }
  function clear() {
    const whole = state.col >= 0 || state.focus !== null;
    state.node = state.col = -1;
    state.focus = null;
    state.lens = true;
    trace = null;
    if (whole) { refresh(); } else { relight(); map.dirty = true; changed(); showMode(); }
    $("panel").hidden = true;
    resize();
    if (whole) fitAll();
    address();
  }

  function address() {
    const part = [];
    if (state.node >= 0) part.push("m=" + encodeURIComponent(nodeName(state.node)));
    if (state.col >= 0) part.push("c=" + encodeURIComponent(colName(state.col)));
    if (state.col >= 0 && state.way !== "both") part.push("d=" + state.way);
    if (typeof state.focus === "number") part.push("f=" + state.focus);
    const hash = part.length ? "#" + part.join("&") : "";
    if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname + location.search);
  }
  function fromAddress(now) {
    const wanted = {};
    for (const pair of location.hash.slice(1).split("&")) {
      const at = pair.indexOf("=");
      try { if (at > 0) wanted[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1)); } catch { /* not ours */ }
    }
    if (wanted.m === undefined || !byName.has(wanted.m)) return false;
    const n = byName.get(wanted.m);
    state.way = wanted.d === "up" || wanted.d === "down" ? wanted.d : "both";
    for (let c = nodes.start[n]; wanted.c !== undefined && c < nodes.start[n + 1]; c++) if (colName(c) === wanted.c) { selectColumn(c, { now, show: true }); return true; }
    select(n, { quiet: true });
    if (Number(wanted.f) > 0) focusOn(Math.min(20, Number(wanted.f)));
    else { expanded.add(n); place(); resize(); reveal(n); address(); }
    return true;
  }
  addEventListener("hashchange", () => fromAddress());

  // ---- panel ------------------------------------------------------------------------------------------------------------

  function el(tag, props, ...children) {
    const e = document.createElement(tag);
    for (const [key, value] of Object.entries(props)) {
      if (key === "on") for (const [event, handler] of Object.entries(value)) e.addEventListener(event, handler);
      else if (key === "style") Object.assign(e.style, value);
      else if (value === true) e.setAttribute(key, "");
      else if (value !== false && value != null) e.setAttribute(key, value);
    }
    e.append(...children.filter((c) => c != null && c !== false));
    return e;
  }
  const button = (label, act, props = {}) => el("button", { type: "button", ...props, on: { click: act } }, label);
  const dot = (n) => el("span", { class: "dot", style: { background: `var(--k-${KINDS[nodes.kind[n]][0]})` } });
  const nodeRow = (n) => button("", () => { select(n); reveal(n); }, { class: "row" });
  function modelRow(n) {
    const b = nodeRow(n);
    b.append(dot(n), el("span", { class: "what" }, el("span", { class: "name" }, nodeName(n))), nodes.doubt[n] >= 0 ? el("span", { class: "q", title: text(nodes.doubt[n]) }, "?") : "");
    return el("li", {}, b);
  }
  function columnRow(c, extra, sub) {
    const b = button("", () => selectColumn(c), { class: "row" + (c === state.col ? " on" : "") });
    const doubt = cols.doubt[c] >= 0 ? text(cols.doubt[c]) : cols.listed[c] ? "" : "not listed: the columns of this relation are not all known";
    b.append(el("span", { class: "what" },
      el("span", { class: "first" }, el("span", { class: "name" }, colName(c)), doubt ? el("span", { class: "q", title: doubt }, "?") : "", cols.type[c] >= 0 ? el("span", { class: "type", title: text(cols.type[c]) }, text(cols.type[c])) : ""),
      sub || extra ? el("span", { class: "first" }, el("span", { class: "of", title: sub }, sub), extra ? el("span", { class: "how" }, extra) : "") : ""));
    return el("li", {}, b);
  }
  /** A list that shows its first rows and makes the others when asked. */
  function listOf(items, make, step = 60) {
    const ul = el("ul", { class: "rows" }), box = el("div", {}, ul);
    let at = 0;
    const more = button("", () => grow(), { class: "more" });
    const grow = () => {
      for (const end = Math.min(items.length, at + step); at < end; at++) ul.append(make(items[at]));
      if (at < items.length) { more.textContent = `Show ${number(Math.min(step, items.length - at))} more of ${number(items.length - at)}`; box.append(more); } else more.remove();
    };
    grow();
    return box;
  }
  function heading(label, n, colour, dash) {
    return el("h3", {}, colour ? el("i", { class: dash ? "dash" : "", style: { borderColor: `var(--${colour})` } }) : "", label, n == null ? "" : el("span", { class: "n" }, number(n)));
  }
  function segments(label, options, value, choose) {
    return el("div", { class: "seg", role: "group", "aria-label": label }, ...options.map(([key, name]) => button(name, () => choose(key), { "aria-pressed": String(key === value) })));
  }

  function showPanel() {
    const panel = $("panel");
    panel.hidden = state.node < 0;
    if (state.node < 0) return;
    const column = state.col >= 0;
    panel.replaceChildren(...(column ? columnPanel() : modelPanel()));
    panel.scrollTop = 0;
    requestAnimationFrame(resize);
  }
  const closer = () => button("×", clear, { class: "close", "aria-label": "Close", title: "Close (Esc)" });

  function modelPanel() {
    const n = state.node, all = [];
    for (let c = nodes.start[n]; c < nodes.start[n + 1]; c++) all.push(c);
    const unique = (list, other) => [...new Set([...list].map((e) => other[e]))].filter((m) => m !== n);
    const above = unique(inputs.of(n), reads.from), below = unique(outputs.of(n), reads.to);
    const facts = [["Strategy", nodes.strategy[n]], ["File", nodes.file[n]], ["Schema", nodes.schema[n]], ["Pipeline", nodes.pipeline[n]]].filter(([, v]) => v >= 0);
    const steps = typeof state.focus === "number" ? state.focus : 0;
    const itself = [...inputs.of(n)].some((e) => reads.from[e] === n);
    return [
      el("div", { class: "head" },
        el("div", { class: "crumb" }, el("span", { class: "badge kind", style: { background: `var(--k-${KINDS[nodes.kind[n]][0]})` } }, KINDS[nodes.kind[n]][1]), ...nodes.tags[n].slice(0, 4).map((t) => el("span", { class: "badge" }, texts[t])), closer()),
        el("h2", {}, nodeName(n)),
        nodes.intent[n] >= 0 ? el("p", { class: "intent" }, text(nodes.intent[n])) : "",
        el("div", { class: "bar" }, segments("Neighbourhood", [[0, "All"], [1, "1 step"], [2, "2"], [3, "3"], [5, "5"]], steps, (s) => (s ? focusOn(s) : unfocus())), button(expanded.has(n) ? "Hide columns" : "Show columns", () => { toggle(n); showPanel(); }, { class: "action" }))),
      facts.length ? el("section", {}, el("dl", {}, ...facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, text(v))])), itself ? el("p", { class: "muted" }, "Reads its own existing table.") : "") : "",
      el("section", {}, heading("Columns", all.length), nodes.doubt[n] >= 0 ? el("p", { class: "note" }, "There may be other columns: " + text(nodes.doubt[n])) : "", all.length ? listOf(all, (c) => columnRow(c)) : el("p", { class: "muted" }, "None are known.")),
      el("section", {}, heading("Reads", above.length, "up"), above.length ? listOf(above, modelRow) : el("p", { class: "muted" }, "Nothing.")),
      el("section", {}, heading("Read by", below.length, "down"), below.length ? listOf(below, modelRow) : el("p", { class: "muted" }, "No model.")),
      influencesOn.of(n).length ? el("section", {}, heading("Rows decided by", influencesOn.of(n).length, "influence", true), listOf([...influencesOn.of(n)], (i) => columnRow(influences.from[i], texts[influences.how[i]], nodeName(cols.node[influences.from[i]])))) : "",
    ].filter(Boolean);
  }

  function columnPanel() {
    const c = state.col, n = cols.node[c];
    const place = (node, line) => text(nodes.file[node]) + (line ? ":" + line : "");
    const up = trace.up.edges, down = trace.down.edges;
    const value = (e, other, steps) => {
      const at = other[e], where = place(cols.node[edges.to[e]], edges.line[e]);
      const step = steps.get(at);
      return columnRow(at, texts[edges.how[e]], nodeName(cols.node[at]) + (step > 1 ? ` · ${step} steps` : "") + (where ? " · " + where : ""));
    };
    const doubts = new Set();
    for (const at of trace.up.steps.keys()) if (cols.doubt[at] >= 0) doubts.add(text(cols.doubt[at]));
    if (!cols.listed[c]) doubts.add(nodes.doubt[n] >= 0 ? text(nodes.doubt[n]) : "the column is read, and not listed");
    const change = (key, v) => { state[key] = v; selectColumn(c); };
    return [
      el("div", { class: "head" },
        el("div", { class: "crumb" }, dot(n), button(nodeName(n), () => { select(n); reveal(n); }, { class: "more", style: { padding: 0, textAlign: "left", overflowWrap: "anywhere" } }), closer()),
        el("h2", {}, colName(c)),
        cols.type[c] >= 0 ? el("span", { class: "badge" }, text(cols.type[c])) : "",
        el("div", { class: "bar" }, segments("Direction", [["up", "Upstream"], ["both", "Both"], ["down", "Downstream"]], state.way, (w) => change("way", w)),
          el("label", { class: "check" }, el("input", { type: "checkbox", checked: state.influences, on: { change: (e) => change("influences", e.target.checked) } }), "Influences"))),
      doubts.size ? el("section", {}, ...[...doubts].slice(0, 5).map((d) => el("p", { class: "note" }, "Not all proved: " + d))) : "",
      state.way !== "down" ? el("section", {}, heading("Computed from", up.length, "up"), up.length ? listOf(up, (e) => value(e, edges.from, trace.up.steps)) : el("p", { class: "muted" }, isSource(n) ? "A column of a source." : "No column: a constant, a count, or not known.")) : "",
      state.way !== "up" ? el("section", {}, heading("Goes into", down.length, "down"), down.length ? listOf(down, (e) => value(e, edges.to, trace.down.steps)) : el("p", { class: "muted" }, "Nothing is computed from it.")) : "",
      trace.influences.length ? el("section", {}, heading("Decides about rows", trace.influences.length, "influence", true), listOf(trace.influences, (i) => {
        const where = place(influences.to[i], influences.line[i]);
        return columnRow(influences.from[i], texts[influences.how[i]], `${nodeName(cols.node[influences.from[i]])} → rows of ${nodeName(influences.to[i])}${where ? " · " + where : ""}`);
      })) : "",
    ].filter(Boolean);
  }

  function showMode() {
    const mode = $("mode"), focus = state.focus;
    mode.hidden = focus === null && !(trace && N > 60);
    if (mode.hidden) return;
    const parts = [];
    if (trace) {
      parts.push(el("span", {}, `${nodeName(cols.node[trace.col])}.${colName(trace.col)} · ${count(trace.columns.size, "relation")}`));
      parts.push(button("Only the trace", () => { state.lens = true; selectColumn(state.col); }, { "aria-pressed": String(focus === "trace") }));
      parts.push(button("In context", unfocus, { "aria-pressed": String(focus !== "trace") }));
    } else {
      parts.push(el("span", {}, `${nodeName(state.node)} and ${count(focus, "step")} around · ${number(visible.length)}`));
      parts.push(button("−", () => (focus > 1 ? focusOn(focus - 1) : unfocus()), { "aria-label": "One step less" }), button("+", () => focusOn(focus + 1), { "aria-label": "One step more" }), button("Everything", unfocus));
    }
    mode.replaceChildren(...parts);
  }

  function showCounts() {
    let models = 0, sources = 0;
    for (const n of visible) if (isSource(n)) sources++; else models++;
    $("counts").textContent = visible.length === N ? `${count(models, "model")}, ${count(sources, "source")}, ${count(C, "column")}` : `${number(visible.length)} of ${number(N)} shown`;
  }

  // ---- list, filters, legend --------------------------------------------------------------------------------------------

  function showList() {
    const sorted = visible.slice().sort((a, b) => nodeName(a).localeCompare(nodeName(b), "en"));
    $("list").replaceChildren(el("h2", {}, `${count(sorted.length, "relation")}`), listOf(sorted, (n) => {
      const b = nodeRow(n);
      const sub = [KINDS[nodes.kind[n]][1].toLowerCase(), `reads ${number(inputs.of(n).length)}`, `read by ${number(outputs.of(n).length)}`].join(" · ");
      b.append(dot(n), el("span", { class: "what" }, el("span", { class: "name" }, nodeName(n)), el("span", { class: "of" }, sub)));
      return el("li", {}, b);
    }, 200));
  }
  function toggleList() {
    const list = $("list"), open = list.hidden;
    list.hidden = !open;
    $("show-list").setAttribute("aria-expanded", String(open));
    if (open) { showList(); list.focus(); }
    resize();
  }

  function makeFilters() {
    const box = $("filters"), add = (key, label, values) => {
      const sorted = [...values].filter(Boolean).sort((a, b) => a.localeCompare(b, "en"));
      if (sorted.length < (key === "tag" ? 1 : 2)) return;
      const select = el("select", { "aria-label": label, "data-filter": key }, el("option", { value: "" }, label), ...sorted.map((v) => el("option", { value: v }, v.length > 60 ? v.slice(0, 60) + "…" : v)));
      sorted.forEach((v, i) => { select.options[i + 1].value = v; });
      select.addEventListener("change", () => {
        state.filters[key] = select.value;
        select.classList.toggle("on", !!select.value);
        state.focus = null; state.col = -1;
        if (state.node >= 0 && !passes(state.node)) { state.node = -1; $("panel").hidden = true; } else if (state.node >= 0) showPanel();
        refresh(); resize(); fitAll(); address();
      });
      box.append(select);
    };
    const folders = new Set(), pipelines = new Set(), tags = new Set(), kinds = new Set();
    for (let n = 0; n < N; n++) { folders.add(folder(n)); pipelines.add(text(nodes.pipeline[n])); nodes.tags[n].forEach((t) => tags.add(texts[t])); kinds.add(KINDS[nodes.kind[n]][0]); }
    add("folder", "All layers", folders);
    add("tag", "All tags", tags);
    add("pipeline", "All pipelines", pipelines);
    add("kind", "All kinds", kinds);
    const used = KINDS.filter(([k]) => kinds.has(k));
    $("legend").replaceChildren(...used.map(([k, label]) => el("li", {}, el("i", { style: { background: `var(--k-${k})` } }), label)),
      el("li", {}, el("i", { class: "rule", style: { borderColor: "var(--up)" } }), "upstream"), el("li", {}, el("i", { class: "rule", style: { borderColor: "var(--down)" } }), "downstream"),
      el("li", {}, el("i", { class: "rule dash", style: { borderColor: "var(--influence)" } }), "decides about rows"), el("li", {}, el("b", { style: { color: "var(--doubt)" } }, "?"), "not proved"));
  }
  function clearFilters() {
    for (const key of Object.keys(state.filters)) state.filters[key] = "";
    for (const s of document.querySelectorAll("#filters select")) { s.value = ""; s.classList.remove("on"); }
  }

  // ---- search -----------------------------------------------------------------------------------------------------------

  const query = $("query"), results = $("results");
  let lower = null, found = [], chosen = 0;
  /** How well a name fits: 0 not at all, 4 exactly. */
  function score(name, wanted) {
    const at = name.indexOf(wanted);
    if (at < 0) return 0;
    if (name.length === wanted.length) return 4;
    return at === 0 ? 3 : /[^a-z0-9]/.test(name[at - 1]) ? 2 : 1;
  }
  function search(wanted) {
    lower ||= texts.map((t) => t.toLowerCase());
    const scores = new Int8Array(texts.length), last = wanted.lastIndexOf(".");
    const ofModel = last > 0 ? wanted.slice(0, last) : null, ofColumn = last > 0 ? wanted.slice(last + 1) : wanted;
    for (let i = 0; i < texts.length; i++) scores[i] = score(lower[i], wanted);
    const hits = [];
    for (let n = 0; n < N; n++) { const s = scores[nodes.name[n]]; if (s) hits.push({ node: n, col: -1, s: s * 2 + 1, name: nodeName(n) }); }
    const colScores = ofModel === null ? scores : Int8Array.from(lower, (t) => (ofColumn ? score(t, ofColumn) : 1));
    let budget = 4000;
    for (let c = 0; c < C && budget > 0; c++) {
      const s = colScores[cols.name[c]];
      if (!s) continue;
      const of = ofModel === null ? 1 : score(lower[nodes.name[cols.node[c]]], ofModel);
      if (of) { budget--; hits.push({ node: cols.node[c], col: c, s: s * 2 + (ofModel === null ? 0 : of), name: colName(c) }); }
    }
    hits.sort((a, b) => b.s - a.s || a.name.length - b.name.length || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.node - b.node));
    return hits.slice(0, 60);
  }
  function showResults() {
    const wanted = query.value.trim().toLowerCase();
    found = wanted ? search(wanted) : [];
    chosen = 0;
    results.hidden = !wanted;
    query.setAttribute("aria-expanded", String(!!wanted));
    const part = wanted.slice(wanted.lastIndexOf(".") + 1);
    const marked = (name) => {
      const span = el("span", { class: "name" }), low = name.toLowerCase(), by = low.includes(wanted) ? wanted : part, at = by ? low.indexOf(by) : -1;
      if (at < 0 || low.length !== name.length) span.append(name); else span.append(name.slice(0, at), el("mark", {}, name.slice(at, at + by.length)), name.slice(at + by.length));
      return span;
    };
    results.replaceChildren(...found.map((h, i) => el("li", { role: "option", id: "r" + i, "aria-selected": String(i === 0), on: { pointerdown: (e) => { e.preventDefault(); open(i); } } },
      dot(h.node), marked(h.name), el("span", { class: "of" }, h.col >= 0 ? nodeName(h.node) : text(nodes.file[h.node]) || KINDS[nodes.kind[h.node]][1].toLowerCase()), h.col >= 0 ? el("span", { class: "badge" }, "column") : "")));
    if (wanted && !found.length) results.append(el("li", { class: "none", role: "option", "aria-disabled": "true" }, "No model or column has this in its name."));
    choose(0);
  }
  function choose(i) {
    if (!found.length) return query.removeAttribute("aria-activedescendant");
    results.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = (i + found.length) % found.length;
    const row = results.children[chosen];
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    query.setAttribute("aria-activedescendant", row.id);
  }
  function open(i) {
    const h = found[i];
    if (!h) return;
    closeSearch();
    if (h.col >= 0) selectColumn(h.col, { show: true });
    else { select(h.node); if (!expanded.has(h.node)) toggle(h.node); resize(); reveal(h.node); }
    canvas.focus({ preventScroll: true });
  }
  function closeSearch() { clearTimeout(waiting); waiting = 0; results.hidden = true; query.value = ""; query.setAttribute("aria-expanded", "false"); query.removeAttribute("aria-activedescendant"); query.blur(); }
  let waiting = 0;
  const upToDate = () => { if (waiting) { clearTimeout(waiting); waiting = 0; showResults(); } };
  query.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(upToDate, 50); });
  query.addEventListener("focus", () => { if (query.value) showResults(); });
  query.addEventListener("blur", () => { results.hidden = true; query.setAttribute("aria-expanded", "false"); });
  query.addEventListener("keydown", (e) => {
    if (e.key.length > 1 && e.key !== "Backspace" && e.key !== "Delete") upToDate();
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); choose(chosen + (e.key === "ArrowDown" ? 1 : -1)); }
    else if (e.key === "Enter") { e.preventDefault(); open(chosen); }
    else if (e.key === "Escape") { e.preventDefault(); closeSearch(); canvas.focus({ preventScroll: true }); }
    e.stopPropagation();
  });

  // ---- keyboard ---------------------------------------------------------------------------------------------------------

  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || $("help").open || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) return;
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (arrow) {
      if (e.target !== canvas && e.target !== document.body) return;
      e.preventDefault(); flight++; view.x += arrow[0] * 90 / view.k; view.y += arrow[1] * 90 / view.k; return moved();
    }
    switch (e.key) {
      case "/": e.preventDefault(); query.focus(); query.select(); break;
      case "Escape": if (typeof state.focus === "number") unfocus(); else if (state.col >= 0) { select(state.node); reveal(state.node); } else clear(); break;
      case "+": case "=": zoomAt(size.w / 2, size.h / 2, 1.25); break;
      case "-": zoomAt(size.w / 2, size.h / 2, 0.8); break;
      case "0": fitAll(); break;
      case "f": if (state.node >= 0) focusOn(typeof state.focus === "number" ? state.focus : 2); break;
      case "l": toggleList(); break;
      case "?": $("help").showModal(); break;
      default: return;
    }
  });
  $("show-help").addEventListener("click", () => $("help").showModal());
  $("show-list").addEventListener("click", toggleList);
  document.querySelector("a.skip").addEventListener("click", (e) => { e.preventDefault(); if ($("list").hidden) toggleList(); else $("list").focus(); });
  for (const b of document.querySelectorAll("#zoom button")) b.addEventListener("click", () => (b.dataset.zoom === "fit" ? fitAll() : zoomAt(size.w / 2, size.h / 2, b.dataset.zoom === "in" ? 1.35 : 1 / 1.35)));
  let spoken = 0;
  function say(message) { clearTimeout(spoken); spoken = setTimeout(() => { $("say").textContent = message; }, 150); }

  // ---- start ------------------------------------------------------------------------------------------------------------

  $("title").textContent = data.title;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); map.dirty = true; changed(); });
  addEventListener("resize", resize);
  new ResizeObserver(resize).observe($("stage"));
  readColours();
  makeFilters();
  resize();
  refresh();
  fitAll(true);
  if (!fromAddress(true) && data.start) {
    const [n, c] = data.start;
    if (c !== null) selectColumn(c, { now: true, show: true });
    else { select(n); expanded.add(n); place(); resize(); fitAll(true); if (view.k < 0.4) reveal(n); }
  }

  // For the page's own tests.
  window.rockyLineage = {
    stats, state, view, counts: { nodes: N, columns: C, edges: edges.from.length, influences: influences.from.length },
    began, visible: () => visible.length,
    trace: () => trace && { up: trace.up.edges.length, down: trace.down.edges.length, influences: trace.influences.length, relations: trace.columns.size },
    /** Where a model, or a column that its card shows, stands on the screen. */
    at(model, column) {
      const n = byName.get(model), box = canvas.getBoundingClientRect();
      let y = Y[n] + HEAD / 2;
      if (column !== undefined) for (let i = 0; i < nShown(n); i++) if (colName(colAt(n, i)) === column) y = Y[n] + HEAD + i * ROW + ROW / 2;
      return { x: box.left + (X[n] + W / 2 - view.x) * view.k, y: box.top + (y - view.y) * view.k };
    },
  };
})();
