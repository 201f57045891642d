// A list of any length of which only the rows near the window are in the page. All rows are as high as the first.
const BEYOND = 30; // rows kept above and below what is seen

class List {
  // `draw` makes the cells of a row from one of `rows`; a row's first link is what the arrow keys go to.
  constructor(label, kind, heads, draw) {
    this.draw = draw;
    this.rows = [];
    this.there = new Map();
    this.body = el("div", { class: "body", role: "rowgroup" });
    this.head = el("div", { class: "head row", role: "row" });
    this.box = el(
      "div",
      { class: `list ${kind}`, role: "table", "aria-label": label, tabindex: 0, keydown: (e) => this.key(e) },
      this.head,
      this.body,
    );
    this.heads(heads);
    this.box.addEventListener("scroll", () => this.update(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(this.box);
  }
  heads(cells) {
    this.head.replaceChildren(...cells.map((cell) => cellOf(cell, "columnheader")));
  }
  show(rows) {
    this.rows = rows;
    this.there.clear();
    this.body.replaceChildren();
    this.box.setAttribute("aria-rowcount", rows.length + 1);
    this.height = rows.length ? this.put(0).offsetHeight || 40 : 0;
    this.body.style.height = `${rows.length * this.height}px`;
    this.update();
  }
  // Rows are of another height in a narrow window.
  resized() {
    const [row] = this.there.values();
    if (row && row.offsetHeight !== this.height) this.show(this.rows);
    else this.update();
  }
  update() {
    const seen = (pixels) => Math.floor(pixels / (this.height || 1));
    const first = Math.max(0, seen(this.box.scrollTop) - BEYOND);
    const last = Math.min(this.rows.length, seen(this.box.scrollTop + this.box.clientHeight) + BEYOND);
    for (const [n, row] of this.there) {
      if ((n < first || n >= last) && !row.contains(document.activeElement)) {
        row.remove();
        this.there.delete(n);
      }
    }
    for (let n = first; n < last; n++) if (!this.there.has(n)) this.put(n);
  }
  put(n) {
    const row = el(
      "div",
      { class: "row", role: "row", "aria-rowindex": n + 2 },
      this.draw(this.rows[n], n).map((cell) => cellOf(cell, "cell")),
    );
    row.style.top = `${n * (this.height || 0)}px`;
    this.there.set(n, row);
    this.body.append(row);
    return row;
  }
  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / (this.height || 1)) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[
      event.key
    ];
    if (!step || !this.rows.length || event.target.closest("input, select")) return;
    event.preventDefault();
    const now = [...this.there].find(([, row]) => row.contains(document.activeElement));
    const from = now ? now[0] : step > 0 ? -1 : this.rows.length;
    this.reveal(Math.min(this.rows.length - 1, Math.max(0, from + step)));
  }
  // Bring a row into view and go to its link.
  reveal(n) {
    const top = n * this.height;
    const room = this.box.clientHeight - this.head.offsetHeight - this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top > this.box.scrollTop + room) this.box.scrollTop = top - room;
    this.update();
    this.there.get(n)?.querySelector("a, button")?.focus({ preventScroll: true });
  }
}

function cellOf(cell, role) {
  return cell instanceof HTMLElement && cell.getAttribute("role")
    ? cell
    : el("div", { role, class: "cell", title: typeof cell === "string" ? cell : null }, cell);
}

// A cell of a row, and the one that names it.
function slot(kind, ...inside) {
  return el("div", { role: "cell", class: `cell ${kind}` }, inside);
}

function heading(kind, ...inside) {
  return el("div", { role: "rowheader", class: `cell ${kind}` }, inside);
}
