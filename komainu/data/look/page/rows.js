// The list of rows: filtered by what is known of each, searched, of any length.
const WORDS = { source: "Source", lang: "Language", licence: "Licence", task: "Task", register: "Register" };
const PAUSE = 200; // milliseconds without a key before a search begins

function shows() {
  const { counts } = set;
  const of = (n, key, label) => (n ? [[key, `${label} (${count(n)})`]] : []);
  return [
    ["all", `all (${count(columns.rows)})`],
    ...of(counts.dropped && counts.rows, "kept", "rows that stay"),
    ...of(counts.dropped, "dropped", "dropped"),
    ...set.drops.map(([step, word, n], i) => [`drop:${i}`, `dropped by ${step}: ${word} (${count(n)})`]),
    ...of(counts.changed, "changed", "changed"),
    ...of(counts.with_leaks, "leaks", "with leaks"),
    ...of(counts.contaminated, "item", "with a benchmark's item"),
  ];
}

function stateOf(params) {
  const show = params.get("show") || "all";
  const words = Object.keys(WORDS).map((name) => [name, params.get(name) ?? ""]);
  const known = shows().some(([key]) => key === show);
  return { show: known ? show : "all", q: params.get("q") || "", ...Object.fromEntries(words) };
}

// The numbers of the rows that the filters leave, in their order.
function chosen(state) {
  const drop = columns.words.drop;
  const stays = drop ? drop.names.indexOf("") : -1;
  const tests = Object.keys(WORDS)
    .filter((name) => state[name] !== "" && columns.words[name])
    .map((name) => (n) => columns.words[name].of[n] === Number(state[name]));
  if (state.show === "kept" && drop) tests.push((n) => drop.of[n] === stays);
  if (state.show === "dropped") tests.push((n) => Boolean(drop) && drop.of[n] !== stays);
  if (state.show.startsWith("drop:")) {
    const [step, word] = set.drops[Number(state.show.slice(5))];
    const wanted = drop.names.indexOf(`${step}\n${word}`);
    tests.push((n) => drop.of[n] === wanted);
  }
  const numbers = columns.numbers[state.show];
  if (numbers) tests.push((n) => numbers[n] > 0);
  const found = [];
  for (let n = 0; n < columns.rows; n++) if (tests.every((test) => test(n))) found.push(n);
  return found;
}

function rowsPage(params) {
  const state = stateOf(params);
  const list = rowList(state);
  const status = el("p", { class: "note", role: "status" });
  let turn = 0;
  let waiting = 0;
  const put = (found, told) => {
    list.show(found);
    wanted = { found, state: { ...state } };
    status.textContent = told;
  };
  const refresh = async () => {
    note(state);
    const mine = ++turn;
    const some = chosen(state);
    if (!state.q.trim()) return put(some, `${count(some.length)} rows`);
    let drawn = 0;
    status.textContent = "searching";
    const found = await search(state.q, new Set(some), (sofar, share) => {
      if (mine !== turn || !list.box.isConnected) return false;
      if (sofar.length && performance.now() - drawn > 500) {
        put([...sofar], `searching: ${Math.round(100 * share)} %, ${count(sofar.length)} rows so far`);
        drawn = performance.now();
      }
      return true;
    });
    if (found && mine === turn) put(found, `${count(found.length)} of ${count(some.length)} rows`);
  };
  const set_ = (changes, pause = 0) => {
    Object.assign(state, changes);
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh().catch((error) => (status.textContent = error.message)), pause);
  };
  page(
    `Rows · ${set.title}`,
    el("p", { class: "kicker" }, el("a", { href: "#/", id: "back" }, set.title)),
    el("h1", {}, "Rows"),
    controls(state, set_),
    status,
    list.box,
  );
  const last = Number(params.get("at") ?? -1);
  return refresh().then(() => {
    const at = wanted.found.indexOf(last);
    if (at >= 0) list.reveal(at);
  });
}

function controls(state, change) {
  const named = Object.entries(WORDS).filter(([name]) => columns.words[name]?.names.length > 1);
  return el(
    "div",
    { class: "controls" },
    choice("Shown", shows(), state.show, (show) => change({ show })),
    named.map(([name, label]) =>
      choice(
        label,
        [["", "any"], ...columns.words[name].names.map((word, i) => [i, word || "not said"])],
        state[name],
        (value) => change({ [name]: value }),
      ),
    ),
    el(
      "label",
      { class: "search" },
      el("span", {}, "Search"),
      el("input", { type: "search", value: state.q, input: (e) => change({ q: e.target.value }, PAUSE) }),
    ),
  );
}

function rowList(state) {
  return new List("Rows", "data", ["Row", "Source", "Language", "Characters"], (n) => {
    const link = el("a", { href: to(`row/${n}`, state) }, "…");
    const id = el("span", { class: "id" });
    const filled = ([name, text]) => {
      link.textContent = clean(text.trim() || name);
      id.replaceChildren(node(name), ...flags(n).map(node));
    };
    one("h", columns.heads, n).then(filled, (error) => (link.textContent = clean(error.message)));
    return [
      heading("about", link, id),
      slot("text", word("source", n)),
      slot("text", word("lang", n)),
      slot("number", count(columns.numbers.characters?.[n] ?? 0)),
    ];
  });
}

// What a column of words says of a row.
function word(name, n) {
  const column = columns.words[name];
  return column ? column.names[column.of[n]] : "";
}

function flags(n) {
  const leaks = columns.numbers.leaks?.[n];
  const [step, why] = word("drop", n).split("\n");
  return [
    step && `dropped by ${step}: ${why}`,
    leaks && `${leaks} leak${leaks > 1 ? "s" : ""}`,
    columns.numbers.changed?.[n] && "changed",
    columns.numbers.item?.[n] && "benchmark item",
    columns.numbers.pair?.[n] && "pair",
  ]
    .filter(Boolean)
    .map((text) => el("span", { class: "flag" }, text));
}
