// What differs between two texts, word by word (Myers 1986, linear refinement left out).
const MOST = 600; // differences that are looked for; texts further apart differ as a whole between their ends
const words = globalThis.Intl?.Segmenter ? new Intl.Segmenter("ja", { granularity: "word" }) : null;

function tokens(text) {
  if (words) return Array.from(words.segment(text), (each) => each.segment);
  return text.match(/[\p{L}\p{N}]+|\s+|[^]/gu) || [];
}

// Both texts in pieces; those of one text alone as [text, what it is].
function difference(one, other, names = ["only here", "only here"]) {
  const [a, b] = [tokens(one), tokens(other)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const sides = [a, b].map((all, side) => {
    const alike = new Set(same.map((pair) => pair[side] + start));
    return pieces(all, (i) => i < start || i >= all.length - end || alike.has(i), names[side]);
  });
  return sides;
}

// Tokens put together: runs that both have as texts, others marked.
function pieces(all, alike, name) {
  const found = [];
  let run = [];
  let now = true;
  const flush = () => {
    if (run.length) found.push(now ? run.join("") : [run.join(""), name]);
    run = [];
  };
  all.forEach((token, i) => {
    if (alike(i) !== now) {
      flush();
      now = !now;
    }
    run.push(token);
  });
  flush();
  return found;
}

// The places of a longest common subsequence as [in a, in b]; none where the texts are too far apart.
function common(a, b) {
  if (!a.length || !b.length) return [];
  const most = Math.min(MOST, a.length + b.length);
  const trace = [];
  let far = new Map([[1, 0]]);
  for (let d = 0; d <= most; d++) {
    trace.push(new Map(far));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
      let x = down ? far.get(k + 1) : far.get(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      far.set(k, x);
      if (x >= a.length && x - k >= b.length) return walked(trace, a.length, b.length);
    }
  }
  return [];
}

// The way back through what was reached after each difference.
function walked(trace, x, y) {
  const found = [];
  for (let d = trace.length - 1; d >= 0; d--) {
    const far = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
    const from = down ? far.get(k + 1) : far.get(k - 1);
    const [px, py] = [from, from - (down ? k + 1 : k - 1)];
    while (x > Math.max(px, 0) && y > Math.max(py, 0)) found.push([--x, --y]);
    [x, y] = [px, py];
  }
  return found.reverse();
}
