// Numbers as they are written and drawn. A column of top 1 is a share and shown in per cent.
const MISSING = "–";

function shown(value, column, sign = false) {
  if (value == null) return MISSING;
  const [factor, digits] = column.top === 1 ? [100, 1] : [1, column.top > 20 ? 1 : 2];
  const text = (factor * value).toFixed(digits);
  return sign && value > 0 ? "+" + text : text.replace("-", "\u2212");
}

// The value of one item.
function plain(value) {
  return value == null ? MISSING : String(+value.toPrecision(3)).replace("-", "\u2212");
}

function interval(cell, column) {
  return cell && cell[1] != null ? `[${shown(cell[1], column)}, ${shown(cell[2], column)}]` : "";
}

// A mean with its interval, to be read; why it is withheld can be asked for.
function meanOf(cell, column) {
  const mean = el("b", { title: cell?.[5] }, cell?.[5] ? "withheld" : shown(cell?.[0], column));
  return [mean, " ", el("span", { class: "num" }, interval(cell, column))];
}

function pValue(p) {
  return p < 0.001 ? "p\u00a0<\u00a00.001" : "p\u00a0=\u00a0" + p.toFixed(3);
}

function nameOf(column) {
  if (column.part)
    return (
      ({ ja: "Japanese average", en: "English average", avg: "Average" }[column.part] || column.part) + twin(column)
    );
  return metricOf(column) + (column.apart ? `: ${column.apart}` : "");
}

function metricOf(column) {
  return `${column.bench} (${column.language})` + (column.metric === column.bench ? "" : " " + column.metric);
}

// The number of a column among those of its name.
function twin(column) {
  return column.twin ? ` #${column.twin + 1}` : "";
}

function shortOf(column) {
  return (column.part ? column.part.toUpperCase() : `${column.bench} ${column.language}`) + twin(column);
}

// Round values from below `low` to above `high`.
function ticks(low, high, most = 5) {
  const span = high - low > 1e-9 ? high - low : Math.abs(high) || 1;
  const size = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * size).find((each) => span / each <= most);
  const found = [];
  for (
    let i = Math.floor(low / step + 1e-9);
    i <= Math.max(Math.ceil(high / step - 1e-9), Math.floor(low / step) + 1);
    i++
  )
    found.push(+(i * step).toPrecision(12));
  return found;
}

// Where things lie on an axis, in per cent of its width.
class Scale {
  constructor(values, column, around = false) {
    const there = values.filter((v) => v != null);
    const reach = most(there.map(Math.abs));
    const ends = around ? [-reach, reach] : [least(there), most(there)];
    this.marks = there.length ? ticks(...ends, 4) : [];
    this.column = column;
    this.around = around;
  }
  // In per cent.
  at(value) {
    const [low, high] = [this.marks[0], this.marks[this.marks.length - 1]];
    return 2 + 96 * Math.min(1, Math.max(0, (value - low) / (high - low)));
  }
  lines(height) {
    return this.marks.map((mark) =>
      svg("line", {
        x1: this.at(mark) + "%",
        x2: this.at(mark) + "%",
        y1: 0,
        y2: height,
        class: mark === 0 && this.around ? "zero" : "grid",
      }),
    );
  }
  axis() {
    const end = this.marks.length - 1;
    const anchor = (i) => (i === 0 ? "start" : i === end ? "end" : "middle");
    const texts = this.marks.map((mark, i) =>
      svg(
        "text",
        { x: this.at(mark) + "%", y: 11, class: "tick", "text-anchor": anchor(i) },
        axisText(mark, this.column, this.around),
      ),
    );
    return el(
      "div",
      { role: "columnheader", class: "cell drawn" },
      svg("svg", { width: "100%", height: 14, "aria-hidden": "true" }, texts),
    );
  }
  // A mean with its interval; only the bounds of what is withheld.
  plot(mean, low, high, label, height = 26) {
    const y = height / 2;
    const inside = this.lines(height);
    if (low != null)
      inside.push(
        svg("line", {
          x1: this.at(low) + "%",
          x2: this.at(high) + "%",
          y1: y,
          y2: y,
          class: mean == null ? "bounds s1" : "reach s1",
        }),
      );
    if (mean != null) inside.push(svg("circle", { cx: this.at(mean) + "%", cy: y, r: 4.2, class: "mark s1" }));
    return svg("svg", { width: "100%", height, role: "img", "aria-label": label }, inside);
  }
}

function axisText(mark, column, sign) {
  const value = +((column.top === 1 ? 100 : 1) * mark).toPrecision(6);
  return (sign && value > 0 ? "+" : "") + String(value).replace("-", "\u2212");
}

// The least and the most of any number of values.
function least(values) {
  return values.reduce((a, b) => (b < a ? b : a), Infinity);
}

function most(values) {
  return values.reduce((a, b) => (b > a ? b : a), -Infinity);
}
