// The search: an index by pairs of characters tells which rows may have a text, and each of them is looked at.
const PAIRS = 6; // pairs of a text that are looked up at most
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const VALUE = new Map([...LETTERS].map((letter, i) => [letter, i]));

// The bucket of each pair of code units in a text, as look/grams.py has them.
function buckets(text, bits) {
  const found = new Set();
  for (let i = 0; i + 1 < text.length; i++) {
    const mixed = Math.imul(text.charCodeAt(i), 0x9e3779b1) + Math.imul(text.charCodeAt(i + 1), 0x85ebca77);
    found.add((mixed >>> 0) >>> (32 - bits));
  }
  return [...found];
}

function posted(text) {
  const rows = [];
  let [row, value, shift] = [-1, 0, 0];
  for (const letter of text) {
    const six = VALUE.get(letter);
    value |= (six & 31) << shift;
    shift += 5;
    if (six < 32) {
      row += value + 1;
      rows.push(row);
      [value, shift] = [0, 0];
    }
  }
  return rows;
}

// The rows of one segment that have all pairs of a text; a text without a pair may be in every row.
async function may(segment, number, text) {
  const all = buckets(text, segment.bits);
  if (!all.length) return Array.from({ length: segment.rows }, (_, i) => segment.first + i);
  const step = Math.max(1, all.length / PAIRS);
  const some = new Set(Array.from({ length: Math.min(PAIRS, all.length) }, (_, i) => all[Math.floor(i * step)]));
  let found = null;
  for (const bucket of some) {
    const rows = posted(await one(`g${number}`, segment.starts, bucket));
    const there = new Set(rows);
    found = found ? found.filter((row) => there.has(row)) : rows;
    if (!found.length) break;
  }
  return found.map((row) => segment.first + row);
}

// Those of some rows (a Set of numbers) that have a text, in order. `tell` hears what was found so far and how far it
// is, and says false to stop: then the result is null.
async function search(text, rows, tell) {
  const wanted = normal(text);
  const candidates = [];
  for (const [number, segment] of columns.index.entries()) {
    for (const row of await may(segment, number, wanted)) if (rows.has(row)) candidates.push(row);
    if (tell([], 0) === false) return null;
  }
  const found = [];
  for (let i = 0; i < candidates.length; ) {
    const at = part(columns.pages, candidates[i]);
    const pages = await load(`r-${at}`);
    const end = columns.pages[at + 1] ?? Infinity;
    for (; i < candidates.length && candidates[i] < end; i++)
      if (textOf(pages[candidates[i] - columns.pages[at]]).includes(wanted)) found.push(candidates[i]);
    if (tell(found, i / candidates.length) === false) return null;
  }
  return found;
}

// Everything that is searched of a row.
function textOf(row) {
  const turns = (row.turns || []).flatMap(([, text, , thinking]) => [thinking || "", plainOf(text)]);
  return [row.id, ...turns].map(normal).join("\n");
}

function plainOf(text) {
  return text.map((piece) => (typeof piece === "string" ? piece : piece[0])).join("");
}
