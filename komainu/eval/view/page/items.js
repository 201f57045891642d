// The items of one column: their values, what differs, and which of them are wanted.
class Items {
  static known = new Map();
  // The items of a column, as a promise.
  static of(c) {
    if (!Items.known.has(c)) {
      const place = `s${board.columns[c].set}`;
      const made = Promise.all([load(`${place}/items`), load(`${place}/c${c}`)]).then(
        ([set, table]) => new Items(c, place, set, table),
      );
      made.catch(() => Items.known.delete(c));
      Items.known.set(c, made);
    }
    return Items.known.get(c);
  }
  constructor(c, place, set, table) {
    Object.assign(this, { c, place, set, table, column: board.columns[c] });
    this.rows = new Map(table.rows.map(([entry, values]) => [entry, values]));
    this.series = new Map(set.entries.map(([entry, starts]) => [entry, starts]));
    this.entries = [...this.rows.keys()];
    this.judges = withinOne(table.at.length, table.spread);
    this.models = betweenAll(table.at.length, table.rows);
    const position = new Map(table.at.map((i, n) => [i, n]));
    this.leaks = counts(
      set.leaks.filter(([, i]) => position.has(i)).map(([entry, i, k]) => [entry, position.get(i), k]),
    );
    this.lacking = counts(table.lacking);
    this.ruled = counts(table.ruled.map(([entry, n]) => [entry, n, 1]));
    this.texts = table.at.map((i) => normal(set.items[i].join("\n")));
  }
  value(entry, n) {
    return this.rows.get(entry)?.[n] ?? null;
  }
  // How much better `b` is than `a` at an item; null when one of them has no value.
  gain(a, b, n) {
    const [first, second] = [this.value(a, n), this.value(b, n)];
    return first == null || second == null ? null : (second - first) * (this.column.up ? 1 : -1);
  }
  // The numbers of the items that a filter leaves, the ones that stand out most first.
  chosen({ a, b, show, q }, deep) {
    const weigh = (FILTERS[show] || FILTERS.all).weigh;
    const found = [];
    for (let n = 0; n < this.table.at.length; n++) {
      const weight = weigh ? weigh(this, n, a, b) : 1;
      if (weight > 0 && (!q || this.texts[n].includes(normal(q)) || deep?.has(this.table.at[n])))
        found.push([n, weight]);
    }
    return (weigh ? found.sort((x, y) => y[1] - x[1] || x[0] - y[0]) : found).map(([n]) => n);
  }
  // The question of an item, or an entry's answers to it.
  question(n) {
    return one(`${this.place}/q`, this.set.questions, this.table.at[n]);
  }
  answers(entry, n) {
    return one(`${this.place}/e${entry}`, this.series.get(entry), this.table.at[n]);
  }
  // The items with a text in their questions, answers or reasons; `tell` hears how far it is, and says false to stop.
  async search(q, tell) {
    const found = new Set();
    const parts = [
      [`${this.place}/q`, this.set.questions],
      ...this.set.entries.map(([entry, starts]) => [`${this.place}/e${entry}`, starts]),
    ];
    const all = parts.reduce((sum, [, starts]) => sum + starts.length, 0);
    let done = 0;
    for (const [key, starts] of parts) {
      for (let at = 0; at < starts.length; at++) {
        const some = await load(`${key}-${at}`);
        some.forEach((cell, i) => {
          if (normal(textOf(cell)).includes(normal(q))) found.add(starts[at] + i);
        });
        if (tell(++done / all) === false) return null;
      }
    }
    return found;
  }
}

const FILTERS = {
  all: { label: "all" },
  worse: { label: "B worse than A", weigh: (items, n, a, b) => -items.gain(a, b, n) },
  better: { label: "B better than A", weigh: (items, n, a, b) => items.gain(a, b, n) },
  judges: { label: "judges disagree", weigh: (items, n) => items.judges[n]?.gap },
  models: { label: "models disagree", weigh: (items, n) => items.models[n]?.gap },
  leaks: { label: "leaks", weigh: (items, n) => items.leaks.get(n)?.count },
  lacking: { label: "verdicts missing", weigh: (items, n) => items.lacking.get(n)?.count },
  ruled: { label: "scored by rule, not by the judges", weigh: (items, n) => items.ruled.get(n)?.count },
};

// For each item the entry on whose answer the judges are furthest apart, and how far.
function withinOne(size, spread) {
  const found = new Array(size).fill(null);
  for (const [entry, gaps] of spread) {
    gaps.forEach((gap, n) => {
      if (gap != null && !(gap <= found[n]?.gap)) found[n] = { gap, entries: [entry] };
    });
  }
  return found;
}

// For each item the entries with the lowest and the highest value, and how far they are apart.
function betweenAll(size, rows) {
  const found = new Array(size).fill(null);
  for (const [entry, values] of rows) {
    values.forEach((value, n) => {
      if (value == null) return;
      const at = (found[n] ||= { low: value, high: value, entries: [entry, entry] });
      if (value < at.low) [at.low, at.entries[0]] = [value, entry];
      if (value > at.high) [at.high, at.entries[1]] = [value, entry];
      at.gap = at.high - at.low;
    });
  }
  return found;
}

// For each item how many there are of all entries together, and the entries.
function counts(some) {
  const found = new Map();
  for (const [entry, n, count] of some) {
    const at = found.get(n) || { count: 0, entries: [] };
    at.count += count;
    at.entries.push(entry);
    found.set(n, at);
  }
  return found;
}

// Everything that can be read in a question, or in the answers of one entry to it.
function textOf(cell) {
  const pieces = (text = []) => text.map((piece) => (typeof piece === "string" ? piece : piece[0])).join("");
  if (!Array.isArray(cell))
    return [cell.turns.map((turn) => pieces(turn[1])), cell.references, cell.rubric, cell.rivals, cell.notes]
      .flat(2)
      .join("\n");
  return cell
    .map((each) =>
      [
        pieces(each.text),
        each.thinking,
        ...(each.turns || []).map((turn) => pieces(turn[1])),
        ...(each.verdicts || []).map((v) => v[3]),
      ].join("\n"),
    )
    .join("\n");
}
