// Where the reader is, as the part of the address behind #: `bench/3?a=0&b=2&show=worse`, `item/3/17?with=0,2`.
let board = null;
let wanted = null; // the items that the last list had, in its order
let now = 0; // counts the pages, so that one that comes late is not shown

async function show() {
  const mine = ++now;
  const [place, query] = location.hash.slice(2).split("?");
  const [kind, c, n] = place.split("/");
  const params = new URLSearchParams(query);
  try {
    board ||= await load("board");
    const column = Number(c);
    if (kind && !board.columns[column]?.bench) throw new Error(`there is no column ${c}`);
    const pages = { bench: () => benchPage(column, params), item: () => itemPage(column, Number(n), params) };
    const draw = await (pages[kind] || (() => () => boardPage(params)))();
    if (mine === now) await draw();
  } catch (error) {
    if (mine === now)
      page(
        "Not shown",
        el("h1", {}, "This cannot be shown"),
        el("p", {}, error.message),
        el("p", {}, el("a", { href: "#/" }, "To the board")),
      );
  }
  if (mine === now) document.documentElement.dataset.shown = now;
}

addEventListener("hashchange", show);
document
  .querySelector("footer")
  .append(
    el(
      "p",
      {},
      "Keys: / search, arrows through a list, Enter opens, ",
      "j and k to the next and the previous item, Escape back to the list.",
    ),
  );
show();
