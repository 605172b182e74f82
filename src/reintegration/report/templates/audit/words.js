"use strict";
// Texts and numbers, written as the study's page writes them.

const setup = JSON.parse(document.getElementById("setup").textContent);
const MINUS = "\u2212";

// A text of the page, its {names} filled; undefined keys are faults that a test finds.
function say(key, values = {}) {
  const text = key.split(".").reduce((at, part) => at[part], setup.texts);
  return text.trim().replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function has(key) {
  return key.split(".").reduce((at, part) => (at ? at[part] : undefined), setup.texts) !== undefined;
}

// A word of the results (a status, a role) in the page's language.
function word(value) {
  if (value === null || value === undefined || value === "") return "";
  return has(`words.${value}`) ? say(`words.${value}`) : String(value).replaceAll("_", " ");
}

// Fixed decimals, halves to the even digit as Python rounds them.
function fixed(value, digits) {
  const scale = 10 ** digits;
  const floor = Math.floor(value * scale);
  const tie = value * scale - floor === 0.5 && (2 * floor + 1) % 5 ** digits === 0;
  if (tie) return ((floor + (floor % 2)) / scale).toFixed(digits);
  return value.toFixed(digits);
}

function number(value, digits = 0) {
  if (typeof value !== "number") return value === null || value === undefined ? "" : String(value);
  const [whole, part] = fixed(Math.abs(value), digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, setup.numbers.thousands);
  const text = part ? grouped + setup.numbers.decimal + part : grouped;
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

// Digits of an estimate: more than usual where its error is so small that they tell.
function digitsOf(error) {
  if (typeof error !== "number" || !(error > 0 && error < 0.001)) return 3;
  return Math.min(6, 1 + Math.ceil(-Math.log10(error)));
}

// A number in its unit: score points, a count, a share in percent.
function written(value, how, error) {
  if (typeof value !== "number") return number(value);
  if (how === "count") return number(value, Number.isInteger(value) ? 0 : 3);
  if (how === "share") return setup.numbers.percent.replace("{number}", number(100 * value, 1));
  return number(value, digitsOf(error));
}

function interval(low, high, how, error) {
  if (typeof low !== "number" || typeof high !== "number") return "";
  return setup.numbers.interval
    .replace("{low}", written(low, how, error))
    .replace("{high}", written(high, how, error));
}

function pValue(value) {
  if (typeof value !== "number") return number(value);
  return value < 0.001 ? `< ${number(0.001, 3)}` : number(value, 3);
}

// Any number of a passport: whole ones whole, others to four significant digits.
function plain(value) {
  if (typeof value !== "number") return number(value);
  if (Number.isInteger(value)) return number(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e9)) return value.toExponential(2).replace("-", MINUS);
  return number(value, Math.max(0, Math.min(8, 3 - Math.floor(Math.log10(size || 1)))));
}
