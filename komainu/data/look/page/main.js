// Where the reader is, as the part of the address behind #: `rows?show=dropped&q=words`, `row/17`, `cluster/3`.
let set = null;
let columns = null;
let wanted = null; // the rows that the last list had, in its order
let now = 0; // counts the pages, so that one that comes late is not shown

async function show() {
  const mine = ++now;
  const [place, query] = location.hash.slice(2).split("?");
  const [kind, n] = place.split("/");
  const params = new URLSearchParams(query);
  try {
    [set, columns] = await Promise.all([load("set"), load("columns")]);
    const pages = {
      "": () => () => overviewPage(),
      rows: () => () => rowsPage(params),
      row: () => rowPage(Number(n), params),
      clusters: () => clustersPage(),
      cluster: () => clusterPage(Number(n)),
    };
    if (!Object.hasOwn(pages, kind)) throw new Error(`there is no page ${kind}`);
    const draw = await pages[kind]();
    if (mine === now) await draw();
  } catch (error) {
    if (mine === now)
      page(
        "Not shown",
        el("h1", {}, "This cannot be shown"),
        el("p", {}, error.message),
        el("p", {}, el("a", { href: "#/" }, "To the first page")),
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
      "j and k to the next and the previous row, Escape back to the list.",
    ),
  );
show();
