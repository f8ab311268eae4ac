// Fields of a form, made from what the service declares of an option:
// {name, type, default, description, unit, minimum, maximum, choices}.

import { make, write } from "./dom.js";
import { count } from "./format.js";

let made = 0;

function bounds({ minimum, maximum, unit }) {
  const [low, high] = [minimum, maximum].map((bound) => (bound === undefined ? "" : count(bound)));
  const tail = unit ? ` ${unit}` : "";
  if (low && high) return `${low} to ${high}${tail}`;
  if (low) return `from ${low}${tail}`;
  return high ? `up to ${high}${tail}` : "";
}

// An object is written as JSON or as lines "name: value".
function objectOf(text) {
  if (text.trim().startsWith("{")) return text;
  const pairs = text.split("\n").filter((line) => line.trim()).map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line.trim(), ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

// Lines only have text, and names without colons: any other object is shown as JSON.
function textOf(value) {
  const lines = Object.entries(value).map(([name, each]) => `${name}: ${each}`).join("\n");
  const json = JSON.stringify(value);
  return JSON.stringify(objectOf(lines)) === json ? lines : json;
}

function numberOf(text) {
  // What is no number goes as it is: the service says best what it wants.
  const number = Number(text);
  return Number.isFinite(number) && /^[-+.\de]+$/i.test(text) ? number : text;
}

const shown = (value) => (value === null || value === undefined ? "" : String(value));

/** How each type of option is shown, read and written. */
const KINDS = {
  bool: {
    control: () => make("input", { type: "checkbox" }),
    read: (input) => input.checked,
    write: (input, value) => { input.checked = Boolean(value); },
  },
  choice: {
    control: (spec) => make("select", {}, ...spec.choices.map((each) => make("option", {}, each))),
    read: (input) => input.value,
    // A list of all choices is as good as none.
    write: (input, value) => { input.value = Array.isArray(value) && value.length > 1 ? "" : shown(value); },
  },
  number: {
    control: (spec) => make("input", { inputmode: "decimal", placeholder: shown(spec.default) || "any" }),
    read: (input) => numberOf(input.value.trim()),
    write: (input, value) => { input.value = shown(value); },
    empty: true,
  },
  dict: {
    control: () => make("textarea", { rows: 2, placeholder: "Name: value, or JSON", spellcheck: "false" }),
    read: (input) => objectOf(input.value),
    write: (input, value) => { input.value = textOf(value ?? {}); },
    empty: true,
  },
  str: {
    control: (spec) => make("input", { placeholder: shown(spec.default), spellcheck: "false" }),
    read: (input) => input.value,
    write: (input, value) => { input.value = shown(value); },
    empty: true,
  },
  // Several words, of which one must match.
  words: {
    control: () => make("input", { placeholder: "any", spellcheck: "false" }),
    read: (input) => {
      const words = input.value.split(/[\s,]+/).filter(Boolean);
      return words.length === 1 ? words[0] : words;
    },
    write: (input, value) => { input.value = [value].flat().join(", "); },
    empty: true,
  },
  // Several patterns, of which one must match: a line each.
  lines: {
    control: (spec) => make("textarea", { rows: 1, placeholder: spec.placeholder, spellcheck: "false" }),
    read: (input) => {
      const lines = input.value.split("\n").map((line) => line.trim()).filter(Boolean);
      return lines.length === 1 ? lines[0] : lines;
    },
    write: (input, value) => { input.value = [value].flat().join("\n"); },
    empty: true,
  },
};

function kindOf(spec) {
  if (spec.choices) return KINDS.choice;
  if (spec.type === "int" || spec.type === "float") return KINDS.number;
  return KINDS[spec.type] ?? KINDS.str;
}

/** One option in a form. */
export class Field {
  /** `suggestions` are [value, label] pairs for free text. */
  constructor(spec, suggestions = []) {
    this.spec = spec;
    this.kind = kindOf(spec);
    this.touched = false;
    const id = `field-${(made += 1)}`;
    this.input = this.kind.control(spec);
    Object.assign(this.input, { id, name: spec.name, autocomplete: "off" });
    this.input.setAttribute("aria-describedby", `${id}-hint ${id}-reason`);
    this.reason = make("p", { class: "reason", id: `${id}-reason`, hidden: true });
    this.element = this.layout(id, suggestions);
    this.input.addEventListener("input", () => {
      this.touched = true;
      this.clear();
    });
    this.reset();
  }

  layout(id, suggestions) {
    const { spec, input } = this;
    const label = make("label", { class: "label", for: id }, spec.name);
    const hint = make("p", { class: "hint", id: `${id}-hint` }, spec.description ?? "");
    const range = bounds(spec);
    if (range) hint.append(make("span", { class: "bounds" }, ` ${range}`));
    let list = null;
    if (suggestions.length && input.tagName === "INPUT") {
      input.setAttribute("list", `${id}-list`);
      list = make("datalist", { id: `${id}-list` });
      this.suggest(list, suggestions);
    }
    const unit = spec.unit ? make("span", { class: "unit", "aria-hidden": "true" }, spec.unit) : null;
    const flavor = this.kind === KINDS.bool ? "field check" : "field";
    return make("div", { class: flavor }, label, make("span", { class: "control" }, input, unit), list, hint, this.reason);
  }

  /** Offer values; where several words stand, for the last of them. */
  suggest(list, suggestions) {
    const offer = () => {
      const before = this.kind === KINDS.words ? /^.*[\s,]/.exec(this.input.value)?.[0] ?? "" : "";
      list.replaceChildren(...suggestions.map(([value, text]) => make("option", { value: before + value }, text)));
    };
    offer();
    if (this.kind === KINDS.words) this.input.addEventListener("input", offer);
  }

  /** What is to be sent; undefined leaves it to the service. */
  read() {
    if (this.kind.empty && this.input.value.trim() === "") {
      // A text that was emptied is meant so; a number has no empty value.
      return this.touched && this.spec.type === "str" && this.spec.default ? "" : undefined;
    }
    if (this.spec.choices?.[0] === "" && this.input.value === "") return undefined;
    return this.touched ? this.kind.read(this.input) : undefined;
  }

  /** Whether it says something other than the default. */
  get says() {
    const value = this.read();
    return value !== undefined && JSON.stringify(value) !== JSON.stringify(this.spec.default ?? {});
  }

  write(value) {
    this.kind.write(this.input, value);
    this.touched = true;
    this.clear();
  }

  /** Show the default again. */
  reset() {
    if (this.kind.empty) this.input.value = "";
    else this.kind.write(this.input, this.spec.default);
    this.touched = false;
    this.clear();
  }

  /** Show why the service refused it, and go there. */
  refuse(why) {
    write(this.reason, why);
    this.reason.hidden = false;
    this.input.setAttribute("aria-invalid", "true");
    const folded = this.element.closest("details");
    if (folded) folded.open = true;
    this.input.focus();
  }

  clear() {
    this.reason.hidden = true;
    this.input.removeAttribute("aria-invalid");
  }
}

/** What the fields say, by name; those left alone are left out. */
export function readAll(fields) {
  const told = {};
  for (const [name, field] of fields) {
    const value = field.read();
    if (value !== undefined) told[name] = value;
  }
  return told;
}

/** Some fields shown and the others folded away. */
export function folded(summary, fields, open = false) {
  return make("details", { class: "more", open }, make("summary", {}, summary),
    make("div", { class: "fields" }, ...fields.map((field) => field.element)));
}
