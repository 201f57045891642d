const LANES = 8; // groups that are drawn

// The first page: every entry in every column, one column drawn with its intervals, and what was decided on it.
const ORDERS = { best: "best first", board: "as on the board", name: "by name" };

function boardPage(params) {
  const by = Number(params.get("by") ?? first(board.columns));
  const column = board.columns[by];
  const order = params.get("order") || "best";
  const change = (changes) => go("", { by, order, find: params.get("find"), ...changes });
  const list = standings(by, order);
  const find = (text) => list.show(standing(by, order, text));
  const search = el("input", {
    type: "search",
    value: params.get("find") || "",
    input: (e) => {
      note({ find: e.target.value });
      find(e.target.value);
    },
  });
  const options = board.columns.map((each, c) => [c, nameOf(each)]);
  page(
    board.title,
    el("p", { class: "kicker" }, "Evaluation"),
    el("h1", {}, board.title),
    el(
      "div",
      { class: "controls" },
      choice("Shown", options, by, (value) => change({ by: value })),
      choice("Order", Object.entries(ORDERS), order, (value) => change({ order: value })),
      el("label", {}, el("span", {}, "Models"), search),
    ),
    el(
      "p",
      { class: "note" },
      about(column),
      column.groups.some((group) => group.length > 1)
        ? " Models on one line at the left cannot be told apart by their intervals (all pairs, Holm's correction)."
        : "",
    ),
    list.box,
    decisions(by),
    benches(),
  );
  find(params.get("find") || "");
}

// The average of all, if there is one, is what a reader looks for first.
function first(columns) {
  const parts = ["avg", "ja", "en"].map((part) => columns.findIndex((column) => column.part === part));
  return Math.max(
    0,
    parts.find((c) => c >= 0 && columns[c].cells.some(Boolean)) ?? columns.findIndex((column) => column.part),
  );
}

function about(column) {
  const level = `${Math.round(100 * board.level)} %`;
  const scale = column.top === 1 ? "in per cent" : `from ${column.bottom} to ${column.top}`;
  const withheld = column.cells.some((cell) => cell?.[5])
    ? " A dashed line is all that can be said of a number that is withheld."
    : "";
  const better = column.up ? "" : ", lower is better";
  return `A mark is the mean, ${scale}${better}; the line through it is its ${level} interval.${withheld}`;
}

function standing(by, order, text) {
  const column = board.columns[by];
  const rows = [...board.entries.keys()].filter((e) => normal(board.entries[e]).includes(normal(text)));
  const height = (e) => column.cells[e]?.[0] ?? (column.up ? -Infinity : Infinity);
  if (order === "name") rows.sort((a, b) => board.entries[a].localeCompare(board.entries[b], "ja"));
  if (order === "best")
    rows.sort((a, b) => (column.up ? height(b) - height(a) || 0 : height(a) - height(b) || 0) || a - b);
  return rows;
}

function standings(by, order) {
  const column = board.columns[by];
  const scale = new Scale(
    column.cells.flatMap((cell) => (cell ? cell.slice(0, 3) : [])),
    column,
  );
  const others = [...board.columns.keys()].sort((a, b) => !board.columns[a].part - !board.columns[b].part || a - b);
  const rank = new Map(standing(by, "best", "").map((e, i) => [e, i + 1]));
  const lanes = lanesOf(column.groups);
  const heads = ["", "Model", scale.axis(), "Mean", ...others.map((c) => headOf(c, by, order))];
  const list = new List("Models", "standings", heads, (e) => {
    const cell = column.cells[e];
    const label = `${shown(cell?.[0], column)} ${interval(cell, column)}`;
    return [
      slot("rank", rank.get(e), order === "best" ? lanes(e) : null),
      heading(
        "name",
        column.part ? board.entries[e] : el("a", { href: to(`bench/${by}`, { b: e }) }, board.entries[e]),
      ),
      slot("drawn", cell ? scale.plot(cell[0], cell[1], cell[2], label) : null),
      slot("value", meanOf(cell, column)),
      ...others.map((c) => slot("other", shown(board.columns[c].cells[e]?.[0], board.columns[c]))),
    ];
  });
  list.box.style.setProperty("--more", `repeat(${others.length}, 5.2rem)`);
  list.box.style.setProperty("--width", `${44 + 6 * others.length}rem`);
  return list;
}

// Models that no test tells apart are joined by a line; lines are only drawn between rows that stand in order.
function lanesOf(groups) {
  const joined = groups.filter((group) => group.length > 1).slice(0, LANES);
  return (e) => {
    if (!joined.length) return null;
    const own = joined.map((group, lane) => [group.indexOf(e), group.length - 1, lane]).filter(([at]) => at >= 0);
    const line = ([at, last, lane]) =>
      svg("line", {
        x1: 3 + 6 * lane,
        x2: 3 + 6 * lane,
        y1: at === 0 ? "25%" : 0,
        y2: at === last ? "75%" : "100%",
        class: "joined",
      });
    return svg(
      "svg",
      {
        class: "lanes",
        width: 6 * joined.length,
        height: "100%",
        role: "img",
        "aria-label": own.length ? "group " + own.map(([, , lane]) => lane + 1).join(", ") : "in no group",
      },
      own.map(line),
    );
  };
}

function headOf(c, by, order) {
  const column = board.columns[c];
  const name = [shortOf(column), column.up ? "" : " ↓"];
  return el(
    "div",
    {
      role: "columnheader",
      class: "cell other",
      title: nameOf(column),
      "aria-sort": c === by && order === "best" ? (column.up ? "descending" : "ascending") : false,
    },
    el("a", { href: to("", { by: c }) }, name),
  );
}

function decisions(by) {
  const column = board.columns[by];
  const found = board.decisions.filter((d) => d[2] === by);
  if (!found.length) return null;
  const scale = new Scale(
    found.flatMap((d) => (d[8] ? [] : d.slice(3, 6))),
    column,
    true,
  );
  const list = new List(
    "Decisions",
    "decisions",
    ["From", "To", scale.axis(), "Decided"],
    ([from, to_, , change, low, high, p, word, why]) => [
      slot("name", board.entries[from]),
      slot(
        "name",
        "→ ",
        column.part
          ? board.entries[to_]
          : el("a", { href: to(`bench/${by}`, { a: from, b: to_, show: "worse" }) }, board.entries[to_]),
      ),
      slot("drawn", why ? null : scale.plot(change, low, high, shown(change, column, true))),
      slot(
        "",
        wordOf(why ? "withheld" : word),
        " ",
        el(
          "span",
          { class: "num" },
          why ||
            `${shown(change, column, true)} [${shown(low, column, true)}, ${shown(high, column, true)}], ${pValue(p)}`,
        ),
      ),
    ],
  );
  const shownList = el(
    "section",
    {},
    el("h2", {}, "Decisions: " + nameOf(column)),
    el(
      "p",
      { class: "note" },
      "Paired over the same items, p corrected over all of the board's tests. ",
      "“Not distinguishable” does not mean equal: it means that these items do not tell.",
    ),
    list.box,
  );
  queueMicrotask(() => list.show(found));
  return shownList;
}

function wordOf(word) {
  const signs = { better: "▲", worse: "▼", "not distinguishable": "≈", withheld: "–" };
  return el("span", { class: "word " + word.replaceAll(" ", "-") }, `${signs[word] || ""} ${word}`);
}

function benches() {
  const rows = board.columns.map((column, c) => [column, c]).filter(([column]) => !column.part);
  return el(
    "section",
    {},
    el("h2", {}, "Items and answers"),
    el(
      "ul",
      { class: "benches" },
      rows.map(([column, c]) =>
        el(
          "li",
          {},
          el("a", { href: to(`bench/${c}`) }, nameOf(column)),
          el("span", { class: "num" }, ` ${column.items} items`),
        ),
      ),
    ),
  );
}
