// The first page: the way through the steps, what was dropped and why, what the rows are, what they were made from.
function overviewPage() {
  const { counts, title } = set;
  const total = counts.rows + counts.dropped;
  const link = (n, what, values) =>
    n ? el("li", {}, el("a", { href: to("rows", values) }, count(n)), " ", what) : null;
  page(
    title,
    el("p", { class: "kicker" }, "Data"),
    el("h1", {}, title),
    el(
      "ul",
      { class: "facts" },
      link(counts.rows, "rows stay", { show: "kept" }),
      link(counts.dropped, "were dropped", { show: "dropped" }),
      link(counts.changed, "say something else than what they were made of", { show: "changed" }),
      link(counts.with_leaks, "have words of another language", { show: "leaks" }),
      link(counts.contaminated, "have the text of a benchmark's item", { show: "item" }),
      counts.clusters
        ? el("li", {}, el("a", { href: to("clusters") }, count(counts.clusters)), " have duplicates that were dropped")
        : null,
    ),
    finder(),
    flow(total),
    el("h2", {}, "What the rows are"),
    kinds(),
    madeFrom(),
    facts("What the steps tell", set.notes),
    facts("More of the summary", set.summary),
  );
}

function count(n) {
  return n.toLocaleString("en");
}

// The search that leads to the list.
function finder() {
  const box = el("input", { type: "search", "aria-label": "Search all rows" });
  const form = el(
    "form",
    {
      class: "controls",
      role: "search",
      submit: (event) => {
        event.preventDefault();
        go("rows", { q: box.value });
      },
    },
    el("label", { class: "search" }, el("span", {}, "Search all rows"), box),
    el("button", {}, "Search"),
  );
  return form;
}

function flow(total) {
  const steps = set.steps.length ? set.steps : [...new Set(set.drops.map(([step]) => step))].map((step) => [step]);
  if (!steps.length) return null;
  const most = Math.max(total, ...steps.map(([, came]) => came || 0));
  const rows = steps.map(([step, came, went]) => {
    const drops = set.drops.map((drop, i) => [...drop, i]).filter(([name]) => name === step);
    const lost = drops.reduce((sum, [, , n]) => sum + n, 0);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, step),
      el("td", { class: "drawn" }, came == null ? null : level(went, came, most)),
      el("td", {}, came == null ? "" : count(came)),
      el("td", {}, went == null ? "" : count(went)),
      el(
        "td",
        { class: "reasons" },
        lost ? null : "none",
        drops.map(([, word, n, i]) => el("a", { href: to("rows", { show: `drop:${i}` }) }, `${word} ${count(n)}`)),
      ),
    );
  });
  const heads = ["Step", "", "In", "Out", "Dropped"].map((text) => el("th", { scope: "col" }, text));
  const table = el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
  return [el("h2", {}, "The way through the steps"), el("div", { class: "scroll flow", tabindex: 0 }, table)];
}

// How many of all rows come to a step, and how many go on.
function level(went, came, most) {
  const wide = (n) => `${(100 * n) / (most || 1)}%`;
  return svg(
    "svg",
    { width: "100%", height: 12, "aria-hidden": "true" },
    svg("rect", { width: wide(came), height: 12, class: "lost" }),
    svg("rect", { width: wide(went), height: 12, class: "bar s1" }),
  );
}

function kinds() {
  const list = new List("Rows by source", "kinds", ["Source", "Language", "Licence", "Stay", "Dropped"], (row) => {
    const [source, lang, licence, stay, lost] = row;
    const values = { source: place("source", source), lang: place("lang", lang), licence: place("licence", licence) };
    return [
      heading("name", el("a", { href: to("rows", values) }, source || "not said")),
      slot("text", lang || "not told"),
      slot("text", licence || "not said"),
      slot("number", count(stay)),
      slot("number", count(lost)),
    ];
  });
  queueMicrotask(() => list.show(set.table));
  return list.box;
}

// Where a word stands in its column; nothing where the column has no words.
function place(name, word) {
  const at = columns.words[name]?.names.indexOf(word) ?? -1;
  return at < 0 ? null : at;
}

function madeFrom() {
  if (!set.upstream.length) return null;
  return [
    el("h2", {}, "What it was made from"),
    el(
      "ol",
      { class: "chain" },
      set.upstream.map(([ref, what]) => el("li", {}, el("span", { class: "id" }, ref), " ", what)),
    ),
    el("p", { class: "note" }, "komainu data look REF shows any of them; komainu data trace REF ROW follows one row."),
  ];
}

function facts(title, some) {
  if (!some.length) return null;
  const shown = some.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value, null, 1)]);
  return el("details", {}, el("summary", {}, title), pairs(shown));
}
