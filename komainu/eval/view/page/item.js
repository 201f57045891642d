// The page of one item: the question, what is known of the right answer, and what several entries said.
const REASON = 600; // characters of a reason that are shown at once

async function itemPage(c, n, params) {
  const items = await Items.of(c);
  if (!(n in items.table.at)) throw new Error(`the column has ${items.table.at.length} items, none is number ${n}`);
  const state = stateOf(items, params);
  const chosen = (params.get("with") || `${state.a},${state.b}`)
    .split(",")
    .map(Number)
    .filter((e) => items.rows.has(e));
  const order = wanted?.c === c && wanted.found.includes(n) ? wanted.found : items.chosen(state);
  const at = order.indexOf(n);
  const kept = params.get("kept") || (state.show === "all" ? 1 : ""); // the models stay from item to item
  const link = (entries) => to(`item/${c}/${n}`, { ...state, with: entries.join(",") || "-", kept: 1 });
  const step = (text, other, key) =>
    other === undefined
      ? el("span", { class: "num" }, text)
      : el(
          "a",
          {
            href: to(`item/${c}/${other}`, {
              ...state,
              with: kept ? chosen.join(",") : standOut(items, state, other),
              kept,
            }),
            "aria-keyshortcuts": key,
            id: key,
          },
          text,
        );
  const [asked, ...cells] = await Promise.all([items.question(n), ...chosen.map((e) => items.answers(e, n))]);
  const [id, , lang, group] = items.set.items[items.table.at[n]];
  const rest = items.entries.filter((e) => !chosen.includes(e));
  return () =>
    page(
      id,
      el(
        "p",
        { class: "kicker" },
        el("a", { href: to(`bench/${c}`, { ...state, at: n }), id: "back" }, nameOf(items.column)),
      ),
      el("h1", { class: "item-id" }, id),
      el(
        "p",
        { class: "steps" },
        step("← previous", order[at - 1], "k"),
        el(
          "span",
          { class: "num" },
          at < 0 ? "" : `${at + 1} of ${order.length}` + (state.show === "all" ? "" : `: ${FILTERS[state.show].label}`),
        ),
        step("next →", at < 0 ? undefined : order[at + 1], "j"),
        group && el("span", { class: "num" }, group),
      ),
      question(asked, lang),
      el(
        "div",
        { class: "controls" },
        el(
          "ul",
          { class: "chosen", "aria-label": "Models shown" },
          chosen.map((e) =>
            el(
              "li",
              {},
              board.entries[e],
              el(
                "a",
                {
                  href: link(chosen.filter((other) => other !== e)),
                  "aria-label": `Hide ${board.entries[e]}`,
                },
                "×",
              ),
            ),
          ),
        ),
        rest.length
          ? choice(
              "Add",
              [["", "a model …"], ...rest.map((e) => [e, `${board.entries[e]}: ${plain(items.value(e, n))}`])],
              "",
              (e) => {
                location.hash = link([...chosen, e]);
              },
            )
          : null,
      ),
      el(
        "div",
        { class: "answers" },
        chosen.map((e, i) => entryOf(items, e, n, cells[i], lang)),
      ),
      everyone(items, n, chosen, link),
    );
}

function question(asked, lang) {
  const single = asked.turns.length === 1;
  return el(
    "section",
    { class: "question", "aria-label": "Question" },
    el(
      "div",
      {},
      asked.turns.map(([role, text, spoken]) => [single ? null : el("p", { class: "role" }, role), said(text, spoken)]),
    ),
    el("div", {}, known(asked, lang)),
  );
}

// What is known of the right answer, and of the item.
function known(asked, lang) {
  return [
    asked.references.length
      ? el(
          "div",
          { class: "reference" },
          el(
            "p",
            { class: "role" },
            asked.references.length > 1 ? `References (${asked.references.length})` : "Reference",
          ),
          asked.references.map((text) => said([text], lang)),
        )
      : null,
    asked.rubric
      ? el("div", { class: "reference" }, el("p", { class: "role" }, "Rubric"), said([asked.rubric], lang))
      : null,
    asked.rivals?.length
      ? el(
          "details",
          {},
          el("summary", {}, `What the answers were compared with (${asked.rivals.length})`),
          pairs(asked.rivals, lang),
        )
      : null,
    asked.notes.length ? el("details", {}, el("summary", {}, "More about the item"), pairs(asked.notes)) : null,
  ];
}

function entryOf(items, e, n, answers, lang) {
  const value = items.value(e, n);
  const many = answers.length > 1;
  return el(
    "article",
    { class: "entry", "aria-label": board.entries[e] },
    el(
      "h2",
      {},
      board.entries[e],
      " ",
      el("span", { class: "num" }, `${plain(value)}${items.column.top === 1 ? "" : " of " + items.column.top}`),
    ),
    answers.length
      ? answers.map((each, i) => [many && i ? el("hr") : null, answerOf(items, each, lang)])
      : el("p", { class: "empty" }, "no answer"),
  );
}

function answerOf(items, { text = [], turns = [], thinking = "", note: told, steers, verdicts = [] }, lang) {
  const leaks = [text, ...turns.map((turn) => turn[1])].flat().filter((piece) => typeof piece !== "string").length;
  const flag = (words) => words && el("span", { class: "flag" }, words);
  const notes = [
    told,
    flag(leaks && `${leaks} leak${leaks > 1 ? "s" : ""}`),
    flag(steers && `for the judges: ${steers}`),
  ];
  return [
    notes.some(Boolean) ? el("p", { class: "role notes" }, notes) : null,
    thinking
      ? el(
          "details",
          { class: "thinking" },
          el("summary", {}, `Thinking, ${thinking.length.toLocaleString("en")} characters`),
          said([thinking], lang),
        )
      : null,
    turns.map(([role, words, spoken]) => [el("p", { class: "role" }, role), said(words, spoken)]),
    turns.length ? el("p", { class: "role" }, "assistant") : null,
    text.length ? said(text, lang) : el("p", { class: "empty" }, "no text"),
    verdictsOf(items, verdicts),
  ];
}

// The verdicts of the page's column first; those of rules that say nothing more than a number stand in a line, and
// what was told beside the columns (each duel of a strength) behind a fold.
function verdictsOf(items, verdicts) {
  const ours = (v) => v[0] === items.c;
  const sorted = [...verdicts.filter(ours), ...verdicts.filter((v) => !ours(v))];
  const beside = sorted.filter((v) => v[5]);
  const short = sorted.filter(([, by, value, why, , name]) => by === "rule" && !why && value != null && !name);
  const long = sorted.filter((v) => !v[5] && !short.includes(v));
  return [
    short.length
      ? el(
          "p",
          { class: "marks" },
          short.map((v) =>
            el(
              "span",
              { class: ours(v) ? "ours" : "" },
              metricOf(board.columns[v[0]]) + twin(board.columns[v[0]]),
              " ",
              el("b", {}, plain(v[2])),
              " ",
            ),
          ),
        )
      : null,
    long.map((v) => verdictOf(v, ours(v))),
    beside.length
      ? el(
          "details",
          { class: "beside" },
          el("summary", {}, `${beside.length} verdicts more`),
          beside.map((v) => verdictOf(v, false)),
        )
      : null,
  ];
}

function verdictOf([c, by, value, why, parts, name], ours) {
  return el(
    "div",
    { class: "verdict" + (ours ? " ours" : "") },
    el(
      "p",
      { class: "role" },
      el("b", {}, value == null ? "missing" : plain(value)),
      " ",
      by === "rule" ? "by rule" : `by ${by}`,
      name || !ours ? ` · ${name || metricOf(board.columns[c]) + twin(board.columns[c])}` : "",
    ),
    parts.length
      ? el(
          "p",
          { class: "marks" },
          parts.map(([part, number]) => el("span", {}, part, " ", el("b", {}, plain(number)), " ")),
        )
      : null,
    why ? said([why], KANA.test(why) ? "ja" : "en", REASON) : null,
  );
}

const KANA = /[\u3041-\u30ff]/;

// All entries' values at this item, the best first, to be added to those that are shown.
function everyone(items, n, chosen, link) {
  const up = items.column.up ? -1 : 1;
  const rows = items.entries
    .filter((e) => items.value(e, n) != null)
    .sort((a, b) => up * (items.value(a, n) - items.value(b, n)) || a - b);
  const list = new List("All models", "everyone", ["Model", "Value"], (e) => [
    heading("name", chosen.includes(e) ? board.entries[e] : el("a", { href: link([...chosen, e]) }, board.entries[e])),
    slot("number", plain(items.value(e, n))),
  ]);
  const open = el(
    "details",
    { toggle: () => list.show(rows) },
    el("summary", {}, `All ${rows.length} models on this item`),
    list.box,
  );
  return items.entries.length > 2 ? open : null;
}
