// Numbers and rules as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const PREFIXES = ["", "k", "M", "G", "T"];
const BARE = new Set(["dummy"]);

/** 0.4, 12, 9.9 k, 1.2 M: three digits at most. */
export function short(value, unit = "") {
  let prefix = 0;
  let scaled = Math.abs(value);
  while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix += 1;
  }
  // Less than one of something whole is a rate that fades, not a figure.
  const digits = scaled < 10 && (prefix > 0 || scaled % 1 >= 0.05) ? 1 : 0;
  const text = `${value < 0 ? "-" : ""}${scaled.toFixed(digits)}`;
  const tail = PREFIXES[prefix] + unit;
  if (!tail) return text;
  return tail.startsWith("/") ? text + tail : `${text} ${tail}`;
}

/** A count with its thousands set apart. */
export function count(value) {
  return whole.format(value);
}

export function bytes(value) {
  return short(value, "B");
}

/** Seconds as "340 ms", "2.5 s", "3 m", "5 h". */
export function span(seconds) {
  if (seconds < 0.9995) return `${short(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} m`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const two = (number) => String(number).padStart(2, "0");

/** The time of day of a moment in Unix seconds, to the millisecond. */
export function clock(seconds) {
  const date = new Date(seconds * 1000);
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
}

function value(thing) {
  if (Array.isArray(thing)) return thing.map(value).join(" or ");
  return typeof thing === "object" && thing !== null ? JSON.stringify(thing) : String(thing);
}

/** What a rule does, in words: its behavior and the options that are not at their default. */
export function ruleWords(rule, declared) {
  const words = [];
  for (const [name, given] of Object.entries(rule.options ?? {})) {
    const spec = declared?.options.find((each) => each.name === name);
    if (spec && JSON.stringify(spec.default) === JSON.stringify(given)) continue;
    words.push(`${name} ${value(given)}${spec?.unit ? ` ${spec.unit}` : ""}`);
  }
  return words.join(", ");
}

/** To what a rule applies, and how often. */
export function ruleLimits(rule) {
  const words = [];
  for (const [target, pattern] of Object.entries(rule.when ?? {})) {
    words.push(`${target} ${value(pattern)}`);
  }
  if (rule.after) words.push(`after ${count(rule.after)}`);
  if (rule.times) words.push(`${count(rule.times)} times`);
  if (rule.for) words.push(`for ${span(rule.for)}`);
  if (rule.scope === "connection") words.push("whole connections");
  return words.join(" · ");
}

/** The rules of a plan that do something. */
export function doing(rules) {
  return rules.filter((rule) => rule.draw || !BARE.has(rule.behavior));
}

/** What is in force on a proxy in a few words, "" for nothing. */
export function inForce(proxy) {
  const toxics = proxy.toxics ?? [];
  const words = doing(proxy.rules ?? [])
    .map((rule) => (rule.draw ?? [rule]).map((each) => each.name || each.behavior).join(" or "))
    .concat(toxics.map(({ type }) => type));
  if (proxy.own?.length) words.push(`${proxy.own.length} connection${proxy.own.length > 1 ? "s" : ""} alone`);
  return words.length > 2 ? `${words.length} in force` : words.join(", ");
}
