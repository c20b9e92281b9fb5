"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const stage = byId("stage"), details = byId("details"), search = byId("search"), found = byId("found");
  const views = new Map();
  let trail = data.start, chosen = null;

  const sheetName = () => trail[trail.length - 1];
  const sheet = () => byId(sheetName());
  const thingOf = (group) => data.sheets[group.closest(".sheet").id].things[group.id.split("-")[1]];
  const groupOf = (name, id) => byId(name + "-" + id);

  function make(tag, text, attributes) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    return element;
  }

  // The sheet that is shown, and what of it.

  function place() {
    const view = views.get(sheetName());
    const shown = sheet(), svg = shown.querySelector("svg");
    svg.setAttribute("width", svg.dataset.width * view.scale);
    svg.setAttribute("height", svg.dataset.height * view.scale);
    shown.style.transform = `translate(${view.x}px,${view.y}px)`;
  }

  function fit() {
    const svg = sheet().querySelector("svg"), width = +svg.dataset.width, height = +svg.dataset.height;
    const whole = Math.min(stage.clientWidth / width, stage.clientHeight / height);
    const scale = Math.min(1.4, Math.max(whole, Math.min(0.75, stage.clientWidth / width)));
    const y = height * scale < stage.clientHeight ? (stage.clientHeight - height * scale) / 2 : 8;
    views.set(sheetName(), { scale, x: (stage.clientWidth - width * scale) / 2, y });
    place();
  }

  function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const view = views.get(sheetName()), scale = Math.min(8, Math.max(0.02, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    place();
  }

  function pan(x, y) {
    const view = views.get(sheetName());
    view.x += x;
    view.y += y;
    place();
  }

  function show(names) {
    trail = names;
    for (const element of document.querySelectorAll(".sheet")) element.hidden = element.id !== sheetName();
    const list = byId("trail");
    list.replaceChildren(...names.map((name, at) => {
      const item = make("li"), button = make("button", data.sheets[name].title + (at && data.sheets[name].about.startsWith("repeated") ? " ×" : ""));
      button.addEventListener("click", () => show(names.slice(0, at + 1)));
      item.append(button);
      return item;
    }));
    if (views.has(sheetName())) place(); else fit();
    choose(null);
    mark();
  }

  function open(group) {
    const target = thingOf(group).opens;
    if (target) { show([...trail, target]); stage.focus(); }
  }

  function center(group) {
    const box = group.getBoundingClientRect(), room = stage.getBoundingClientRect();
    const margin = 40;
    if (box.left < room.left + margin || box.right > room.right - margin || box.top < room.top + margin || box.bottom > room.bottom - margin)
      pan(room.left + room.width / 2 - (box.left + box.right) / 2, room.top + room.height / 2 - (box.top + box.bottom) / 2);
  }

  // What is known of a layer.

  function list(title, pairs) {
    if (!pairs.length) return [];
    const block = make("dl");
    for (const [name, text] of pairs) block.append(make("dt", name), make("dd", text));
    return title ? [make("h3", title), block] : [block];
  }

  function choose(group) {
    if (chosen) chosen.classList.remove("chosen");
    chosen = group;
    details.hidden = !group;
    if (!group) return;
    group.classList.add("chosen");
    const thing = thingOf(group), layer = thing.layer === null ? null : data.layers[thing.layer];
    const close = make("button", "×", { class: "close", title: "Close (Esc)" });
    close.addEventListener("click", () => choose(null));
    details.replaceChildren(close, make("h2", layer ? layer.path : thing.name));
    if (layer) {
      details.append(...list("", layer.facts));
      details.append(...list("Connections", layer.calls.map(([taken, shape], at) => [layer.calls.length > 1 ? `call ${at + 1}` : "takes", `${taken} → ${shape}`])));
      details.append(...list("Weights", layer.weights.map(([name, shape, dtype]) => [name, `${shape} ${dtype}`])));
      details.append(...list("Not known", layer.unknown));
      if (layer.config) details.append(make("h3", "Config"), make("pre", layer.config));
    }
    if (thing.opens) {
      const button = make("button", "Open its sheet", { class: "open" });
      button.addEventListener("click", () => open(group));
      details.append(button);
    }
  }

  // Search, in the drawing and in the table.

  function mark() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (text) => words.every((word) => text.includes(word));
    document.body.classList.toggle("searching", words.length > 0);
    let count = 0;
    for (const group of sheet().querySelectorAll(".node")) {
      const hit = words.length > 0 && matches(group.textContent.toLowerCase());
      group.classList.toggle("hit", hit);
      count += hit;
    }
    let rows = 0;
    for (const row of document.querySelectorAll("#layers tbody tr")) {
      row.hidden = !matches(row.textContent.toLowerCase());
      rows += !row.hidden;
    }
    found.textContent = words.length ? (byId("layers").hidden ? `${count} here, ${rows} in all` : `${rows} layers`) : "";
  }

  function next(step) {
    const hits = [...sheet().querySelectorAll(".hit")];
    if (!hits.length) return jump();
    const at = (hits.indexOf(document.activeElement.closest(".hit") || chosen) + step + hits.length) % hits.length;
    hits[at].focus();
    choose(hits[at]);
    center(hits[at]);
    search.focus();
  }

  function jump() {
    const row = document.querySelector("#layers tbody tr:not([hidden])");
    if (search.value && row) reveal(+row.dataset.layer);
  }

  function reveal(layer) {
    const seen = new Set(["s0"]), ways = [["s0"]];
    for (const way of ways) {
      const name = way[way.length - 1];
      for (const [id, thing] of Object.entries(data.sheets[name].things)) {
        if (thing.layer === layer) {
          select("graph");
          show(way);
          const group = groupOf(name, id);
          group.focus();
          choose(group);
          center(group);
          return;
        }
        if (thing.opens && !seen.has(thing.opens)) { seen.add(thing.opens); ways.push([...way, thing.opens]); }
      }
    }
  }

  // The views, the table.

  function select(name) {
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const on = tab.id === "tab-" + name;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !on;
    }
    mark();
  }

  function sort(header) {
    const down = header.getAttribute("aria-sort") === "ascending" || (header.classList.contains("number") && !header.hasAttribute("aria-sort"));
    for (const other of header.parentNode.children) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = document.querySelector("#layers tbody"), at = header.cellIndex, number = header.classList.contains("number");
    const key = (row) => number ? +row.cells[at].dataset.key : row.cells[at].textContent;
    const rows = [...body.rows].sort((a, b) => (number ? key(a) - key(b) : key(a).localeCompare(key(b))) * (down ? -1 : 1));
    body.append(...rows);
  }

  function walk(group, forward) {
    const id = group.id.split("-")[1], edges = data.sheets[sheetName()].edges;
    const edge = edges.find(([tail, head]) => (forward ? tail : head) === id);
    if (!edge) return;
    const target = groupOf(sheetName(), edge[forward ? 1 : 0]);
    target.focus();
    choose(target);
    center(target);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target === search;
    if (event.key === "Escape") {
      if (typing && search.value) { search.value = ""; mark(); } else choose(null);
      if (typing) search.blur();
      return;
    }
    if (typing) {
      if (event.key === "Enter") { event.preventDefault(); next(event.shiftKey ? -1 : 1); }
      return;
    }
    const group = event.target.closest && event.target.closest(".sheet .node, .sheet .cluster");
    const actions = {
      "/": () => { search.focus(); search.select(); },
      "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fit,
      u: () => { if (trail.length > 1) show(trail.slice(0, -1)); },
      o: () => { if (group) open(group); else if (chosen) open(chosen); },
    };
    if (group) {
      actions.Enter = () => { if (chosen === group) open(group); else choose(group); };
      actions[" "] = () => choose(group);
      actions.ArrowDown = actions.ArrowRight = () => walk(group, true);
      actions.ArrowUp = actions.ArrowLeft = () => walk(group, false);
    } else if (event.target === stage) {
      actions.ArrowDown = () => pan(0, -60);
      actions.ArrowUp = () => pan(0, 60);
      actions.ArrowRight = () => pan(-60, 0);
      actions.ArrowLeft = () => pan(60, 0);
    } else if (event.target.getAttribute("role") === "tab") {
      const tabs = [...document.querySelectorAll("[role=tab]")], at = tabs.indexOf(event.target);
      const move = (step) => () => { const tab = tabs[(at + step + tabs.length) % tabs.length]; tab.focus(); tab.click(); };
      actions.ArrowRight = move(1);
      actions.ArrowLeft = move(-1);
    }
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  let grip = null;
  stage.addEventListener("pointerdown", (event) => { if (event.button === 0) grip = { x: event.clientX, y: event.clientY, moved: false }; });
  window.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const x = event.clientX - grip.x, y = event.clientY - grip.y;
    if (!grip.moved && Math.abs(x) + Math.abs(y) < 4) return;
    Object.assign(grip, { x: event.clientX, y: event.clientY, moved: true });
    stage.classList.add("drag");
    pan(x, y);
  });
  window.addEventListener("pointerup", () => { stage.classList.remove("drag"); setTimeout(() => { grip = null; }); });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const room = stage.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 300), event.clientX - room.left, event.clientY - room.top);
    else pan(-event.deltaX, -event.deltaY);
  }, { passive: false });
  stage.addEventListener("click", (event) => {
    if (grip && grip.moved) return;
    const group = event.target.closest(".sheet .node, .sheet .cluster");
    if (group) { choose(group); group.focus({ preventScroll: true }); } else choose(null);
  });
  stage.addEventListener("dblclick", (event) => {
    const group = event.target.closest(".sheet .node, .sheet .cluster");
    if (group) open(group);
  });

  for (const tab of document.querySelectorAll("[role=tab]")) tab.addEventListener("click", () => select(tab.id.slice(4)));
  for (const header of document.querySelectorAll("#layers th")) header.firstChild.addEventListener("click", () => sort(header));
  document.querySelector("#layers tbody").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && event.target.closest("button")) reveal(+row.dataset.layer);
  });
  search.addEventListener("input", mark);
  byId("in").addEventListener("click", () => zoom(1.25));
  byId("out").addEventListener("click", () => zoom(0.8));
  byId("fit").addEventListener("click", fit);
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = root.dataset.theme === "auto" ? (dark ? "dark" : "light") : root.dataset.theme;
    root.dataset.theme = now === "dark" ? "light" : "dark";
  });
  window.addEventListener("resize", () => place());
  for (const group of document.querySelectorAll(".sheet .node, .sheet .cluster")) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", group.querySelector("title").textContent);
  }
  show(data.start);
})();
