// One row: its turns, what it was before, what it was made of, what it repeats, and everything its meta tells.
async function rowPage(n, params) {
  if (!(n >= 0 && n < columns.rows)) throw new Error(`there is no row ${n}`);
  const row = await one("r", columns.pages, n);
  const clusters = await load("clusters");
  const mine = clusters.findIndex((each) => each.row === n || each.of.some(([member]) => member === n));
  const cluster = clusters[mine];
  const kept = cluster && cluster.row !== n ? await keptOf(cluster) : null;
  return () => drawRow(n, row, params, { cluster, mine, kept });
}

function drawRow(n, row, params, { cluster, mine, kept }) {
  const state = stateOf(params);
  page(
    `${row.id} · ${set.title}`,
    el("p", { class: "kicker" }, el("a", { href: to("rows", { ...state, at: n }), id: "back" }, "Rows of ", set.title)),
    el("h1", { class: "item-id" }, row.id),
    stepsOf(n, state),
    row.drop ? el("p", { class: "flag" }, `dropped by ${row.drop[0]}: `, row.drop[1]) : null,
    turnsOf(row),
    row.item ? itemOf(row) : null,
    kept ? twinsOf(row, cluster, kept, n) : null,
    cluster
      ? el(
          "p",
          {},
          el("a", { href: to(`cluster/${mine}`) }, `The row that stays, and ${count(cluster.of.length)} dropped for it`),
        )
      : null,
    row.before ? beforeOf(row) : null,
    originOf(row),
    row.notes ? [el("h2", {}, "What its meta tells"), pairs(row.notes)] : null,
  );
}

// The previous and the next row of the list.
function stepsOf(n, state) {
  const found = wanted?.found || [];
  const at = found.indexOf(n);
  const link = (key, where, text) =>
    where == null ? null : el("a", { id: key, href: to(`row/${where}`, state) }, text);
  return el(
    "p",
    { class: "steps" },
    link("k", at > 0 ? found[at - 1] : at < 0 && n > 0 ? n - 1 : null, "← previous"),
    link("j", at >= 0 ? (found[at + 1] ?? null) : n + 1 < columns.rows ? n + 1 : null, "next →"),
    el("span", { class: "num" }, at >= 0 ? `${count(at + 1)} of ${count(found.length)}` : ""),
  );
}

function turnsOf(row) {
  const turns = row.turns || [];
  const pair = turns.length > 1 && turns[turns.length - 1][0] === "rejected";
  const single = pair ? turns.slice(0, -2) : turns;
  return [
    el("div", { class: "turns" }, single.map((turn) => turnOf(turn))),
    pair ? sideBySide(turns.slice(-2), "An answer and the one it was preferred to") : null,
  ];
}

function turnOf([role, text, lang, thinking], of) {
  return el(
    "section",
    { class: `turn ${role}` },
    el("p", { class: "role" }, role),
    thinking ? el("details", { class: "thinking" }, el("summary", {}, "Thinking"), said([thinking], lang)) : null,
    text.length ? said(text, lang, LONG, of) : el("p", { class: "empty" }, "no text"),
  );
}

// Two texts beside each other, with what differs marked, or with their leaks.
function sideBySide(two, label, names) {
  const marks = difference(plainOf(two[0][1]), plainOf(two[1][1]), names);
  const draw = (leaks) =>
    two.map(([role, text, lang, thinking], side) =>
      el(
        "div",
        { class: "entry" },
        turnOf([role, leaks ? text : marks[side], lang, thinking], leaks ? undefined : ""),
      ),
    );
  const box = el("div", { class: "answers" }, draw(false));
  const change = (value) => box.replaceChildren(...draw(value === "leaks"));
  const leaking = two.some(([, text]) => text.some((piece) => typeof piece !== "string"));
  const choices = [
    ["differences", "differences"],
    ["leaks", "leaks"],
  ];
  return el(
    "section",
    { "aria-label": label },
    leaking ? el("div", { class: "controls" }, choice("Marked", choices, "differences", change)) : null,
    box,
  );
}

// The benchmark's item beside the passage of the row.
function itemOf({ item }) {
  const share = item.coverage == null ? "" : `: ${Math.round(100 * item.coverage)} % of the item`;
  const texts = [
    [`item ${item.id} of ${item.stage}`, [item.text], "ja"],
    ["the row's passage", [item.passage], "ja"],
  ];
  return [
    el("h2", {}, "A benchmark's item in it", share),
    item.text
      ? sideBySide(texts, "Item and passage")
      : el(
          "p",
          { class: "note" },
          `item ${item.id} of ${item.stage}; its text is not in the store. The passage: `,
          item.passage,
        ),
  ];
}

// The row that stays as [title, its page], wherever its text is.
async function keptOf(cluster) {
  if (cluster.row != null) return one("r", columns.pages, cluster.row);
  return { id: cluster.id, turns: cluster.turns };
}

// A row that stays and one that was dropped for it, each as one text.
function twinsOf(row, cluster, kept, n) {
  const alike = cluster.of.find(([member]) => member === n)?.[1];
  const texts = [
    [`stays: ${kept.id}${cluster.inside ? ` of ${cluster.inside}` : ""}`, [wholeOf(kept)], "ja"],
    [`dropped: ${row.id}`, [wholeOf(row)], "ja"],
  ];
  const measured = alike < 1 ? ` (${cluster.step}: ${alike})` : "";
  return [el("h2", {}, `What it repeats${measured}`), sideBySide(texts, "Both rows")];
}

// All turns of a row as one text.
function wholeOf(row) {
  return (row.turns || []).map(([role, text]) => `${role}: ${plainOf(text)}`).join("\n\n");
}

function beforeOf(row) {
  const { ref, turns: old } = row.before;
  const now = row.turns || [];
  const shown = [];
  for (let i = 0; i < Math.max(old.length, now.length); i++) {
    const [role, text] = old[i] || ["", ""];
    const [later, said_, , thinking] = now[i] || ["", []];
    const whole = plainOf(said_);
    const unsaid = thinking ? [...text].length !== [...whole].length && !text.endsWith(whole) : text !== whole;
    if (role === later && !unsaid) continue;
    const texts = [
      [role ? `before: ${role}` : "before: no such turn", [text], "ja"],
      [later ? `now: ${later}` : "now: no such turn", said_, "ja"],
    ];
    shown.push(sideBySide(texts, `Turn ${i + 1}`, ["taken away", "new"]));
  }
  return [el("h2", {}, "What it was in ", el("span", { class: "id" }, ref)), shown];
}

function originOf(row) {
  if (!row.from?.length) return null;
  return [
    el("h2", {}, "What it was made of"),
    el(
      "ul",
      { class: "chain" },
      row.from.map(([name, ref, text]) => {
        const there = ref ? [" in ", el("span", { class: "id" }, ref), ": ", text] : null;
        return el("li", {}, el("span", { class: "id" }, name), there);
      }),
    ),
  ];
}
