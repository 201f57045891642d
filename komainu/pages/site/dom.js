"use strict";
// Texts of models, judges and rows go into the page as text nodes and attribute values; nothing is parsed as HTML.
const UNSEEN = new RegExp(
  "[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f" + // controls
    "\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069" + // what turns the direction around or breaks a line
    "\\u180e\\u200b\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\u{e0000}-\\u{e007f}" + // what has no width; tags
    "\\ud800-\\udfff]", // halves of a character
  "gu",
);
const LONG = 2500; // characters of a text that are shown at once

// A text as a reader should see it: what could not be seen in it is shown as a sign.
function clean(text) {
  return String(text).replace(UNSEEN, "\ufffd");
}

function element(made, attributes, inside) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, clean(value));
  }
  made.append(
    ...inside
      .flat(9)
      .filter((one) => one != null && one !== false && one !== "")
      .map(node),
  );
  return made;
}

function node(one) {
  return one instanceof Node ? one : document.createTextNode(clean(one));
}

// An element; attributes that are functions are listeners, what is inside are elements and texts.
function el(name, attributes = {}, ...inside) {
  return element(document.createElement(name), attributes, inside);
}

function svg(name, attributes = {}, ...inside) {
  return element(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, inside);
}

function choice(label, options, chosen, change) {
  const made = options.map(([value, text]) =>
    el("option", { value, selected: String(value) === String(chosen) }, text),
  );
  return el("label", {}, el("span", {}, label), el("select", { change: (e) => change(e.target.value) }, made));
}

// Names with texts.
function pairs(some, lang = "en") {
  return el(
    "dl",
    {},
    some.map(([name, text]) => [el("dt", {}, name), el("dd", {}, said([text], lang))]),
  );
}

// A text, in pieces where parts of it are marked as [text, kind]; a very long one is cut, with a button for the rest.
// A mark says what it is: `of` and the kind.
function said(pieces, lang, limit = LONG, of = "leak: ") {
  const box = el("p", { class: "said", lang });
  const fill = (most) => {
    let left = most;
    const shown = [];
    for (const piece of pieces) {
      const [text, kind] = typeof piece === "string" ? [piece] : piece;
      const part = left < text.length ? text.slice(0, left) : text;
      left -= part.length;
      if (part) shown.push(kind ? el("mark", { title: of + kind }, part) : part);
    }
    box.replaceChildren(...shown.map(node));
    const all = pieces.reduce((sum, piece) => sum + (typeof piece === "string" ? piece : piece[0]).length, 0);
    if (all > most) {
      const open = () => fill(Infinity);
      box.append(
        el(
          "button",
          { type: "button", class: "rest", click: open },
          `… ${(all - most).toLocaleString("en")} more characters`,
        ),
      );
    }
  };
  fill(limit);
  return box;
}
