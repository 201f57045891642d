// Where the reader is, as the part of the address behind #, and the keys that lead elsewhere.
function to(place, values = {}) {
  const params = new URLSearchParams(
    Object.entries(values)
      .filter(([, value]) => value != null && value !== "")
      .map(([key, value]) => [key, String(value)]),
  );
  return "#/" + place + (params.size ? "?" + params : "");
}

function go(place, values) {
  location.hash = to(place, values);
}

// Keep what the reader has chosen in the address without making the page again.
function note(changes) {
  const [place, query] = location.hash.slice(2).split("?");
  const params = Object.fromEntries(new URLSearchParams(query));
  history.replaceState(null, "", to(place, { ...params, ...changes }));
}

function page(title, ...inside) {
  document.title = clean(title);
  const main = document.getElementById("main");
  main.replaceChildren(el("div", { class: "page" }, inside));
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape") document.getElementById("back")?.click();
  else if (event.key === "j" || event.key === "k") document.getElementById(event.key)?.click();
});

// Texts to be compared: full and half width, capital and small letters alike, and any space as one.
const SPACES = /[ \t\n\r\f\v\u1680\u2028\u2029]+/g;

function normal(text) {
  return text.normalize("NFKC").toLowerCase().replaceAll("ς", "σ").replace(SPACES, " ");
}
