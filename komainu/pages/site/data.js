// The data lies beside the page in scripts that hand over one value each; a page that is a file may load no other way.
const KEPT = 400; // scripts whose values are kept
const PATH = /^data\/[a-z0-9][a-z0-9/-]*\.js$/;
const values = new Map(); // key to a promise, the oldest first
const handed = new Map(); // key to what was handed over by a script that has run and is not asked for yet
const rules = {
  createScriptURL: (path) => {
    if (!PATH.test(path)) throw new Error("no data at " + path);
    return path;
  },
};
const trusted = globalThis.trustedTypes ? trustedTypes.createPolicy("data", rules) : rules;

globalThis.komainu = (key, value) => handed.set(key, value);

function load(key) {
  const known = values.get(key);
  values.delete(key);
  const found = known || fetched(key);
  values.set(key, found);
  if (values.size > KEPT) values.delete(values.keys().next().value);
  return found;
}

function fetched(key) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.charset = "utf-8";
    script.onload = () => {
      const value = handed.get(key);
      handed.delete(key);
      script.remove();
      if (value === undefined) reject(new Error(`data/${key}.js is damaged; make the site again`));
      else resolve(value);
    };
    script.onerror = () => {
      script.remove();
      values.delete(key);
      reject(new Error(`data/${key}.js is not there; keep the folder whole`));
    };
    script.src = trusted.createScriptURL(`data/${key}.js`);
    document.head.append(script);
  });
}

// The n-th value of a series whose scripts begin at `starts`.
async function one(key, starts, n) {
  const at = part(starts, n);
  return (await load(`${key}-${at}`))[n - starts[at]];
}

function part(starts, n) {
  let low = 0;
  for (let high = starts.length - 1; low < high;) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= n) low = middle;
    else high = middle - 1;
  }
  return low;
}
