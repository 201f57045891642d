const MANY = 12; // entries in the table of tasks

// The page of one column: every entry's numbers in it, and its items.
async function benchPage(c, params) {
  const items = await Items.of(c);
  return () => drawBench(c, params, items);
}

async function drawBench(c, params, items) {
  const column = board.columns[c];
  const state = stateOf(items, params);
  const list = itemList(items, state);
  const status = el("p", { class: "note", role: "status" });
  let deep = null;
  let turn = 0;
  const refresh = async () => {
    note(state);
    const mine = ++turn;
    deep = null;
    if (state.q && state.deep) {
      const tell = (share) => {
        status.textContent = `searching the answers: ${Math.round(100 * share)} %`;
        return mine === turn;
      };
      deep = await items.search(state.q, tell);
      if (mine !== turn) return;
    }
    const found = items.chosen(state, deep);
    list.found = found;
    list.heads(itemHeads(items, state));
    for (const option of filter.querySelectorAll("option")) option.textContent = countOf(items, state, option.value);
    list.show(found);
    wanted = { c, found };
    status.textContent =
      found.length === items.table.at.length
        ? `${found.length} items`
        : `${found.length} of ${items.table.at.length} items`;
  };
  const set = (changes) => {
    Object.assign(state, changes);
    refresh();
  };
  const filters = Object.keys(FILTERS).map((key) => [key, countOf(items, state, key)]);
  const filter = choice("Items", filters, state.show, (value) => set({ show: value }));
  page(
    nameOf(column),
    el("p", { class: "kicker" }, el("a", { href: to("", { by: c }) }, board.title)),
    el("h1", {}, nameOf(column)),
    el("p", { class: "note" }, about(column)),
    numbersOf(items),
    tasksOf(items),
    el("details", {}, el("summary", {}, "How it was measured"), pairs(items.table.way)),
    el("h2", {}, "Items"),
    controls(items, state, set, filter),
    status,
    list.box,
  );
  await refresh();
  const last = list.found.indexOf(Number(params.get("at") ?? -1));
  if (last >= 0) list.reveal(last);
}

// Which entries are compared, and which items are wanted.
function stateOf(items, params) {
  const entry = (key, other) => (items.rows.has(Number(params.get(key) ?? -1)) ? Number(params.get(key)) : other);
  const b = entry("b", items.entries[items.entries.length - 1]);
  const a = entry("a", items.entries.find((e) => e !== b) ?? b);
  return {
    a,
    b,
    show: params.get("show") in FILTERS ? params.get("show") : "all",
    q: params.get("q") || "",
    deep: params.get("deep") ? 1 : "",
  };
}

function countOf(items, state, show) {
  return `${FILTERS[show].label} (${items.chosen({ ...state, q: "", show }).length})`;
}

function controls(items, state, set, filter) {
  const entries = items.entries.map((e) => [e, board.entries[e]]);
  return el(
    "div",
    { class: "controls" },
    choice("A", entries, state.a, (value) => set({ a: Number(value) })),
    choice("B", entries, state.b, (value) => set({ b: Number(value) })),
    filter,
    el(
      "label",
      { class: "search" },
      el("span", {}, "Search"),
      el("input", { type: "search", value: state.q, input: (e) => set({ q: e.target.value }) }),
    ),
    el(
      "label",
      { class: "tick-box" },
      el("input", {
        type: "checkbox",
        checked: Boolean(state.deep),
        change: (e) => set({ deep: e.target.checked ? 1 : "" }),
      }),
      " in answers and reasons too",
    ),
  );
}

function itemHeads(items, { a, b }) {
  const heads = ["Item", el("span", {}, "A ", board.entries[a]), el("span", {}, "B ", board.entries[b]), "B − A"];
  if (items.table.spread.length) heads.push("Judges apart");
  return [...heads, "Models apart"];
}

function itemList(items, state) {
  const scale = new Scale([items.column.top], { top: 2 }, true);
  const list = new List("Items", items.table.spread.length ? "items judged" : "items", itemHeads(items, state), (n) => {
    const [id, question, lang, group] = items.set.items[items.table.at[n]];
    const gain = items.gain(state.a, state.b, n);
    const difference = gain == null ? null : items.column.up ? gain : -gain;
    const cells = [
      heading(
        "about",
        el(
          "a",
          { href: to(`item/${items.c}/${n}`, { ...state, with: standOut(items, state, n) }), lang },
          question.trim() || id,
        ),
        el("span", { class: "id" }, [group, id].filter(Boolean).join(" · "), flags(items, n)),
      ),
      slot("number", plain(items.value(state.a, n))),
      slot("number", plain(items.value(state.b, n))),
      slot("drawn", difference == null ? MISSING : bar(scale, difference, gain)),
    ];
    if (items.table.spread.length) cells.push(slot("number far", plain(items.judges[n]?.gap)));
    return [...cells, slot("number far", plain(items.models[n]?.gap))];
  });
  return list;
}

// The entries that made an item stand out, to be shown with it beside A and B.
function standOut(items, { a, b, show }, n) {
  const found = {
    judges: items.judges[n],
    models: items.models[n],
    leaks: items.leaks.get(n),
    lacking: items.lacking.get(n),
    ruled: items.ruled.get(n),
  }[show];
  return [...new Set([a, b, ...(found?.entries || []).slice(0, 2)])].join(",");
}

function flags(items, n) {
  const leaks = items.leaks.get(n)?.count;
  const lacking = items.lacking.get(n)?.count;
  return [
    leaks && el("span", { class: "flag" }, `${leaks} leak${leaks > 1 ? "s" : ""}`),
    lacking && el("span", { class: "flag" }, `${lacking} missing`),
  ];
}

// A difference as a bar from the middle.
function bar(scale, difference, gain) {
  const ends = [scale.at(0), scale.at(difference)];
  const kind = gain > 0 ? "gain" : gain < 0 ? "loss" : "";
  const drawn = svg(
    "svg",
    { width: "100%", height: 14, "aria-hidden": "true" },
    svg("line", { x1: "50%", x2: "50%", y1: 0, y2: 14, class: "zero" }),
    svg("rect", { x: Math.min(...ends) + "%", y: 3, width: Math.abs(ends[1] - ends[0]) + "%", height: 8, class: kind }),
  );
  return [drawn, el("span", { class: "number " + kind }, (difference > 0 ? "+" : "") + plain(difference))];
}

// Every entry's numbers in the column, with those of each judge and the reasons that rules gave.
function numbersOf(items) {
  const { column, table } = items;
  const judges = [...new Set(table.judges.flatMap(([, some]) => some.map(([name]) => name)))];
  const of = (rows) => new Map(rows);
  const [byJudge, reasons, refs] = [of(table.judges), of(table.reasons), of(table.refs)];
  const scale = new Scale(
    column.cells.flatMap((cell) => (cell ? cell.slice(0, 3) : [])),
    column,
  );
  const heads = ["Model", scale.axis(), "Mean", "n", "Missing", ...judges, "Reasons", "Scores"];
  const list = new List("Numbers", "numbers", heads, (e) => {
    const cell = column.cells[e];
    const judged = new Map((byJudge.get(e) || []).map(([name, ...rest]) => [name, rest]));
    const cells = [
      heading("name", board.entries[e]),
      slot("drawn", scale.plot(cell[0], cell[1], cell[2], `${shown(cell[0], column)} ${interval(cell, column)}`)),
      slot("value", meanOf(cell, column)),
      slot("number", cell[3]),
      slot("number", cell[4]),
    ];
    for (const name of judges) {
      const [there, missing, mean] = judged.get(name) || [];
      cells.push(
        el(
          "div",
          { role: "cell", class: "cell number", title: there == null ? "" : `${there} verdicts, ${missing} missing` },
          shown(mean, column),
          missing ? el("span", { class: "flag" }, ` ${missing} missing`) : null,
        ),
      );
    }
    const why = (reasons.get(e) || []).map(([reason, n]) => `${reason} ${n}`).join(", ");
    return [...cells, el("div", { role: "cell", class: "cell reasons", title: why }, why), slot("id", refs.get(e))];
  });
  list.box.style.setProperty("--more", `repeat(${judges.length + 2}, 9rem)`);
  list.box.style.setProperty("--width", `${60 + 10 * judges.length}rem`);
  queueMicrotask(() => list.show(items.entries.filter((e) => column.cells[e])));
  return list.box;
}

// The numbers by task, where the bench reports them, of the first few entries.
function tasksOf({ column, table }) {
  const names = [...new Set(table.tasks.map(([task]) => task))];
  const entries = [...new Set(table.tasks.map(([, e]) => e))].slice(0, MANY);
  if (!names.length) return null;
  const numbers = new Map(table.tasks.map(([task, e, ...rest]) => [`${e} ${task}`, rest]));
  const cell = (e, task) =>
    el(
      "td",
      {},
      shown(numbers.get(`${e} ${task}`)?.[0], column),
      " ",
      el("span", { class: "num" }, interval(numbers.get(`${e} ${task}`), column)),
    );
  const head = el(
    "tr",
    {},
    ["Task", "n", ...entries.map((e) => board.entries[e])].map((text) => el("th", { scope: "col" }, text)),
  );
  const rows = names.map((task) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, task),
      el("td", {}, numbers.get(`${entries[0]} ${task}`)?.[3]),
      entries.map((e) => cell(e, task)),
    ),
  );
  return el(
    "details",
    {},
    el("summary", {}, `By task (${names.length})`),
    el("div", { class: "scroll", tabindex: 0 }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows))),
  );
}
