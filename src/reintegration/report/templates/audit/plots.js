// Dots with intervals, drawn as SVG: one row per line, a line at zero.

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Round marks of an axis: at most six.
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((size) => size * power).find((size) => size >= rough);
  const marks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) {
    marks.push(Math.abs(at) < step / 1e6 ? 0 : at);
  }
  return marks;
}

// A label that fits into a width, shortened at its end.
const FONT = "12px system-ui, 'DejaVu Sans', sans-serif";
const brush = document.createElement("canvas").getContext("2d");
function fitted(text, width) {
  brush.font = FONT;
  let shown = text;
  while (shown && brush.measureText(shown).width > width) shown = `${shown.slice(0, -2)}\u2026`;
  return shown;
}

// `lines`: {label, value, low, high, strong}; `mark`: where a dashed line stands, if anywhere.
function dotPlot(lines, description, mark) {
  const usable = lines.filter((line) => typeof line.value === "number");
  if (!usable.length) return null;
  const reach = usable.flatMap((line) => [line.value, line.low, line.high]);
  const ends = [...reach, mark ?? 0, 0].filter((value) => typeof value === "number");
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  const edge = (high - low || 1) * 0.05;
  [low, high] = [low - edge, high + edge];
  brush.font = FONT;
  const longest = Math.max(...usable.map((line) => brush.measureText(line.label).width));
  const names = Math.min(350, Math.ceil(longest) + 30);
  const [width, top, step] = [names + 430, 8, 22];
  const height = top + usable.length * step + 30;
  const x = (value) => names + ((value - low) / (high - low)) * (width - names - 20);
  const bottom = top + usable.length * step + 4;
  const drawing = shape("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": description, class: "plot",
    "font-family": "system-ui, 'DejaVu Sans', sans-serif",
  });
  for (const at of ticks(low, high)) {
    drawing.append(
      shape("line", { x1: x(at), x2: x(at), y1: top, y2: bottom, class: at === 0 ? "zero" : "grid" }),
      shape("text", { x: x(at), y: bottom + 15, class: "tick" }, number(at, decimals(low, high))));
  }
  if (typeof mark === "number") {
    drawing.append(shape("line", { x1: x(mark), x2: x(mark), y1: top, y2: bottom, class: "mark-line" }));
  }
  usable.forEach((line, place) => {
    const y = top + place * step + step / 2;
    const short = fitted(line.label, names - 20);
    drawing.append(shape("text", { x: names - 12, y: y + 4, class: "name" }, short, shape("title", {}, line.label)));
    if (typeof line.low === "number" && typeof line.high === "number") {
      drawing.append(shape("line", { x1: x(line.low), x2: x(line.high), y1: y, y2: y, class: "bar" }));
    }
    const kind = line.strong ? "dot strong" : "dot";
    drawing.append(shape("circle", { cx: x(line.value), cy: y, r: 4, class: kind }));
  });
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": description }, drawing);
}

function decimals(low, high) {
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10((high - low) / 5))));
}
