// Rows that stay, each with those that were dropped because they say the same.
const FEW = 20; // dropped rows that are shown at once

async function clustersPage() {
  const clusters = await load("clusters");
  return () => {
    const list = new List("Clusters", "clusters", ["The row that stays", "Step", "Dropped"], (i) => {
      const cluster = clusters[i];
      const link = el("a", { href: to(`cluster/${i}`) }, cluster.id);
      if (cluster.row != null)
        one("h", columns.heads, cluster.row).then(
          ([id, text]) => (link.textContent = clean(text.trim() || id)),
          (error) => (link.textContent = clean(error.message)),
        );
      return [
        heading("about", link, el("span", { class: "id" }, cluster.id)),
        slot("text", cluster.step),
        slot("number", count(cluster.of.length)),
      ];
    });
    page(
      `Duplicates · ${set.title}`,
      el("p", { class: "kicker" }, el("a", { href: "#/", id: "back" }, set.title)),
      el("h1", {}, "Rows with duplicates"),
      el("p", { class: "note" }, clusters.length ? "The largest first." : "No step has dropped a row for another one."),
      list.box,
    );
    list.show([...clusters.keys()]);
    wanted = null;
  };
}

async function clusterPage(i) {
  const clusters = await load("clusters");
  const cluster = clusters[i];
  if (!cluster) throw new Error(`there is no cluster ${i}`);
  const kept = await keptOf(cluster);
  return async () => {
    const box = el("div", {});
    page(
      `${cluster.id} · ${set.title}`,
      el("p", { class: "kicker" }, el("a", { href: to("clusters"), id: "back" }, "Rows with duplicates")),
      el("h1", { class: "item-id" }, cluster.id),
      el(
        "p",
        { class: "steps" },
        i > 0 ? el("a", { id: "k", href: to(`cluster/${i - 1}`) }, "← previous") : null,
        i + 1 < clusters.length ? el("a", { id: "j", href: to(`cluster/${i + 1}`) }, "next →") : null,
        el("span", { class: "num" }, `${count(cluster.of.length)} dropped by ${cluster.step}`),
      ),
      kept.turns?.length
        ? null
        : el("p", { class: "note" }, "The row that stays is not in this set, and its text is not in the store."),
      box,
    );
    await more(cluster, kept, box, 0);
  };
}

// The next few dropped rows of a cluster beside the one that stays, and a button for those after them.
async function more(cluster, kept, box, from) {
  const some = cluster.of.slice(from, from + FEW);
  const rows = await Promise.all(some.map(([n]) => one("r", columns.pages, n)));
  box.append(
    ...rows.map((row, i) =>
      el(
        "section",
        {},
        twinsOf(row, cluster, kept, some[i][0]),
        el("p", {}, el("a", { href: to(`row/${some[i][0]}`) }, "The dropped row")),
      ),
    ),
  );
  const left = cluster.of.length - from - some.length;
  if (left > 0) {
    const button = el("button", { type: "button", class: "rest" }, `… ${count(left)} more`);
    button.addEventListener("click", () => {
      button.remove();
      more(cluster, kept, box, from + FEW);
    });
    box.append(button);
  }
}
