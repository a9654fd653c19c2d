"use strict";
// Sorts and filters the tables of the page, and draws its network. Names are set as text, never as markup.
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const draw = (name, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // Tables: the rows of each, with what the search reads of them.

  const tables = all("table.data").map((element) => {
    const columns = all("thead th", element);
    const named = columns.flatMap((column, index) => (column.dataset.sort === "name" ? [index] : []));
    const rows = [...element.tBodies[0].rows].map((row) => ({
      row,
      names: named.map((index) => row.cells[index].textContent.toLowerCase()).join("\n"),
    }));
    return { element, columns, rows, words: document.getElementById(`${element.id}-matches`), filters: [] };
  });

  function keyOf(cell, isNumber) {
    if (!isNumber) return cell.textContent.toLowerCase();
    const number = one("data", cell);
    return number ? Number(number.value) : null;
  }

  function sort(table, index) {
    const column = table.columns[index];
    const isNumber = column.dataset.sort === "number";
    const before = column.getAttribute("aria-sort");
    const isDescending = before ? before === "ascending" : isNumber;
    for (const other of table.columns) other.removeAttribute("aria-sort");
    column.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    const keys = new Map(table.rows.map((entry) => [entry, keyOf(entry.row.cells[index], isNumber)]));
    table.rows.sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      if (left === right) return 0;
      if (left === null || right === null) return left === null ? 1 : -1; // what is missing stays at the end
      return (left < right ? -1 : 1) * (isDescending ? -1 : 1);
    });
    table.element.tBodies[0].append(...table.rows.map((entry) => entry.row));
  }

  for (const table of tables) {
    table.columns.forEach((column, index) => {
      const button = make("button", { type: "button" }, column.textContent);
      button.addEventListener("click", () => sort(table, index));
      column.replaceChildren(button);
    });
  }

  const search = one("#search");

  function filter(table) {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, names } of table.rows) {
      row.hidden = !(words.every((word) => names.includes(word)) && table.filters.every((accepts) => accepts(row)));
      count += !row.hidden;
    }
    const total = table.rows.length;
    table.words.textContent = count === total ? counted(total, "row") : `${count.toLocaleString("en")} of ${counted(total, "row")}`;
    return count;
  }

  search.addEventListener("input", () => {
    const found = tables.map((table) => `${filter(table)} in “${table.element.caption.textContent}”`);
    one("#search-matches").textContent = search.value.trim() ? `Rows: ${found.join(", ")}.` : "";
    chooseByName(search.value.trim());
  });
  search.parentElement.hidden = false;

  const controls = one("[data-filters]");
  if (controls) {
    const table = tables.find((candidate) => candidate.element.id === controls.dataset.filters);
    const at = (key) => table.columns.findIndex((column) => column.dataset.key === key);
    const [origin, rate, originAt, rateAt] = [one("#origin"), one("#rate"), at("origin"), at("q")];
    table.filters = [
      (row) => !origin.value || row.cells[originAt].textContent === origin.value,
      (row) => {
        const q = rate.value ? keyOf(row.cells[rateAt], true) : 0;
        return q !== null && q <= Number(rate.value || 1);
      },
    ];
    for (const control of [origin, rate]) control.addEventListener("change", () => filter(table));
    controls.hidden = false;
  }

  // The network: nodes are [name, kind, x, y], edges [source, target, kind, ρ before, ρ after], strongest first.

  const data = one("#network-data");
  const network = data ? JSON.parse(data.textContent) : { nodes: [], edges: [] };
  const KINDS = new Map([
    ["edge", "edge"], ["gained", "gained"], ["lost", "lost"], ["sign_flipped", "sign flipped"], ["kept", "kept"],
    ["link", "linked with a pathway"],
  ]);
  const [WIDTH, HEIGHT, MARGIN] = [1000, 740, 50];
  const kinds = [...KINDS.keys()].filter((kind) => network.edges.some((edge) => edge[2] === kind));
  const rho = (value) => Number(value.toPrecision(3)).toString();
  let chosen = null;

  const nodes = network.nodes.map(([name, kind, x, y]) => ({
    name, kind, edges: [],
    x: MARGIN + x * (WIDTH - 2 * MARGIN),
    y: HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN),
  }));
  const edges = network.edges.map(([source, target, kind, before, after]) => {
    const edge = { ends: [nodes[source], nodes[target]], kind, before, after };
    for (const end of edge.ends) end.edges.push(edge);
    return edge;
  });
  const other = (edge, node) => edge.ends[edge.ends[0] === node ? 1 : 0];
  const isShown = (edge) => !edge.line.hasAttribute("display");

  function drawEdge(edge) {
    const [{ x: x1, y: y1 }, { x: x2, y: y2 }] = edge.ends;
    edge.line = draw("line", { class: `edge ${edge.kind === "edge" ? "edge-only" : edge.kind}`, x1, y1, x2, y2 });
    return edge.line;
  }

  function drawNode(node) {
    const radius = 3.5 + Math.min(Math.sqrt(node.edges.length), 4);
    const mark = node.kind === "pathway"
      ? draw("rect", { x: -radius, y: -radius, width: 2 * radius, height: 2 * radius, transform: "rotate(45)" })
      : draw("circle", { r: radius });
    const label = draw("text", { x: 0, y: -radius - 3.5, "text-anchor": "middle" }, node.name);
    node.group = draw(
      "g",
      {
        class: `node ${node.kind}`, transform: `translate(${node.x} ${node.y})`, tabindex: 0, role: "button",
        "aria-pressed": "false", "aria-label": `${node.name}, ${node.kind}, ${counted(node.edges.length, "edge")}`,
      },
      mark, label,
    );
    node.group.addEventListener("click", () => choose(node));
    node.group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(node);
    });
    return node.group;
  }

  // Labels that would cover another are seen when their node is pointed at, or near what is chosen.
  function placeLabels() {
    const taken = [];
    const order = [...nodes].sort((a, b) => (b.kind === "pathway") - (a.kind === "pathway") || b.edges.length - a.edges.length);
    for (const node of order) {
      const half = 3.9 * node.name.length + 2;
      const box = [node.x - half, node.y - 24, node.x + half, node.y - 7];
      const isFree = taken.every(([l, t, r, b]) => box[2] < l || box[0] > r || box[3] < t || box[1] > b);
      node.group.classList.toggle("unlabelled", !isFree);
      if (isFree) taken.push(box);
    }
  }

  function choose(node) {
    chosen = node;
    const near = new Set(node ? node.edges.filter(isShown) : []);
    const genes = new Set([...near].flatMap((edge) => edge.ends));
    for (const edge of edges) edge.line.classList.toggle("near", near.has(edge));
    for (const candidate of nodes) {
      candidate.group.classList.toggle("near", genes.has(candidate));
      candidate.group.classList.toggle("chosen", candidate === node);
      candidate.group.setAttribute("aria-pressed", String(candidate === node));
    }
    one(".drawing svg").classList.toggle("has-choice", Boolean(node));
    listEdges(node, [...near]);
  }

  // Where pages of genes and pathways are served, the name leads to its own.
  function nameOf(node) {
    const address = one("#network-view").dataset[`${node.kind}Address`];
    const name = make("bdi", {}, node.name);
    return address ? make("a", { href: address + encodeURIComponent(node.name) }, name) : name;
  }

  function listEdges(node, near) {
    const panel = one("#neighbourhood");
    const title = make("p", { class: "label" }, "Neighbourhood");
    if (!node) {
      panel.replaceChildren(title, make("p", {}, "Choose a gene or a pathway to see its edges."));
      return;
    }
    const items = near.map((edge) => {
      const partner = other(edge, node);
      const button = make("button", { type: "button" }, make("bdi", {}, partner.name));
      button.addEventListener("click", () => { choose(partner); one("#neighbourhood").focus(); });
      const numbers = [edge.before, edge.after].filter((value) => value !== null).map(rho).join(" → ");
      return make("li", {}, button, make("br"), make("span", { class: `is-${edge.kind.replace("_", "-")}` }, KINDS.get(edge.kind)), `, ρ ${numbers}`);
    });
    const everything = make("button", { type: "button" }, "Show everything");
    everything.addEventListener("click", () => { choose(null); node.group.focus(); });
    panel.replaceChildren(
      title, make("h3", {}, nameOf(node)), make("p", {}, `${counted(near.length, "edge")} shown. `, everything),
      make("ul", {}, ...items),
    );
  }

  function chooseByName(text) {
    const name = text.toLowerCase();
    const node = name ? nodes.find((candidate) => candidate.name.toLowerCase() === name) : null;
    if (edges.length && (node || chosen)) choose(node ?? null);
  }

  function show(count) {
    edges.forEach((edge, index) => (index < count ? edge.line.removeAttribute("display") : edge.line.setAttribute("display", "none")));
    for (const node of nodes) {
      if (node.edges.some(isShown)) node.group.removeAttribute("display");
      else node.group.setAttribute("display", "none");
    }
    const parts = kinds.map((kind) => `${edges.slice(0, count).filter((edge) => edge.kind === kind).length} ${KINDS.get(kind)}`);
    one("#shown-words").textContent = `${count} of ${counted(edges.length, "edge")}${kinds.length > 1 ? `: ${parts.join(", ")}` : ""}`;
    choose(chosen && !chosen.group.hasAttribute("display") ? chosen : null);
  }

  if (data) one("#without-script").hidden = true;
  if (edges.length) {
    const picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "Genes and pathways; choose one to see its edges" });
    picture.append(draw("g", {}, ...edges.map(drawEdge)), draw("g", {}, ...nodes.map(drawNode)));
    picture.addEventListener("keydown", (event) => { if (event.key === "Escape") choose(null); });
    picture.addEventListener("click", (event) => { if (!event.target.closest(".node")) choose(null); });
    one(".drawing").append(picture);
    one(".legend").append(...kinds.map((kind) => {
      const line = draw("line", { class: `edge ${kind === "edge" ? "edge-only" : kind}`, x1: 0, y1: 6, x2: 36, y2: 6 });
      return make("li", {}, draw("svg", { viewBox: "0 0 36 12", "aria-hidden": "true" }, line), KINDS.get(kind));
    }));
    const slider = one("#shown");
    slider.addEventListener("input", () => show(Number(slider.value)));
    one("#network-view").hidden = false;
    placeLabels();
    show(edges.length);
  }
})();
