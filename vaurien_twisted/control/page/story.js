// An exchange from its beginning to its end: when it came, what happened to it and why.

import { get } from "./api.js";
import { effectOf, whatOf, whichOf } from "./decisionrow.js";
import { make } from "./dom.js";
import { bytes, clock, count, span } from "./format.js";

const COMMON = new Set(["id", "time", "kind", "proxy", "connection", "exchange", "description", "rule", "effect",
  "words", "reason", "client", "what", "by", "message", "whole", "timing"]);

function otherFacts(entry) {
  return Object.entries(entry).filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
}

const step = (when, text, why = "") => [
  make("dt", {}, when), make("dd", {}, text, why ? make("small", {}, ` ${why}`) : null)];

// Browsers call themselves long names.
function byWhom({ by }) {
  return by ? `by ${by.replace(/^Mozilla\/.* at /, "a browser at ")}` : "";
}

/** A text of an entry, whole where it is shortened. */
const whole = (entry, name) => entry.whole?.[name] ?? entry[name];

/**
 * Tell of an entry of the journal, or of an exchange that passed: the elements, and whether more
 * may become known of it.
 */
export async function story(entry) {
  const steps = [];
  let goesOn = false;
  if (entry.kind === "set") steps.push(...step(clock(entry.time), `${entry.what} set: ${effectOf(entry)}`, byWhom(entry)));
  else if (entry.exchange === undefined) steps.push(...step(clock(entry.time), [effectOf(entry), whole(entry, "reason"), otherFacts(entry)].filter(Boolean).join(", ")));
  else goesOn = await ofExchange(entry, steps);
  return { elements: [make("dl", {}, ...steps)], goesOn };
}

async function ofExchange(entry, steps) {
  let told = null;
  try {
    const query = { proxy: entry.proxy, connection: entry.connection, exchange: entry.exchange };
    told = await get(`explain?${new URLSearchParams(query)}`);
  } catch { /* what the entry says is told */ }
  const done = told?.journal.length ? told.journal : entry.kind === "passed" ? [] : [entry];
  const timing = { ...entry.timing, ...done[0]?.timing, ...told?.timing };
  const came = timing.came ?? done[0]?.time ?? entry.time;
  const from = entry.client ? ` from ${entry.client}` : "";
  const size = timing.requestBytes === undefined ? "" : `, ${sizeOf(timing.requestBytes)}`;
  steps.push(...step(clock(came), requestOf(entry, done, told), `came${from} on connection ${entry.connection}, exchange ${entry.exchange}${size}${together(timing)}`));
  // A fault that is known only when the reply ends comes where it happened.
  const moments = [...done.map((each) => [each.time - came, faultStep(each)]), ...momentsOf(timing)];
  moments.sort(([first], [second]) => first - second);
  for (const [seconds, [text, why]] of moments) steps.push(...step(after(seconds), text, why));
  if (entry.kind === "passed" && !done.length) steps.push(...step("", "passed unchanged"));
  const others = (told?.rules ?? []).filter(({ applied }) => !applied);
  for (const { rule, reason, streams } of others) {
    if (streams && entry.exchange > 0) steps.push(...step("beside", rule, "for the bytes of the whole connection"));
    else steps.push(...step("not", rule, reason));
  }
  if (entry.kind === "passed" && !others.length) steps.push(...step("", "no rule is in force for it"));
  if (!told) steps.push(...step("", `${whichOf(entry)}: nothing more is known of it`));
  return told !== null && timing.duration === undefined;
}

/** What it asked for, in full. */
function requestOf(entry, done, told) {
  const texts = [told, ...done, entry].map((each) => each?.whole?.description).filter(Boolean);
  return texts[0] ?? (whatOf(entry) || told?.description || "a connection");
}

function together({ together: number }) {
  return number ? `; ${count(number)} requests came together, and share these times and sizes` : "";
}

function faultStep(each) {
  const message = each.message ? `: ${each.message}` : "";
  return [`${effectOf(each)}${message}`, [whole(each, "rule"), whole(each, "reason"), otherFacts(each)].filter(Boolean).join(" · ")];
}

/** When it went on and was answered, as far as that is known: the seconds since it came, and words. */
function momentsOf({ waited, replyBegan, replyEnded, duration, replyBytes, error }) {
  const moments = [];
  const add = (seconds, text, why) => seconds !== undefined && moments.push([seconds, [text, why]]);
  add(waited, "went to the backend", waited >= 0.0005 ? `after it waited ${span(waited)} here` : "");
  const code = error && `error ${error}`;
  const size = [code, replyBytes !== undefined && sizeOf(replyBytes)].filter(Boolean).join(", ");
  const atOnce = replyEnded !== undefined && replyEnded - replyBegan < 0.0005;
  if (atOnce) {
    add(replyEnded, "the backend replied", size);
  } else {
    add(replyBegan, "the backend's reply began");
    add(replyEnded, "the backend's reply ended", size);
  }
  add(duration, "the reply was sent to the client", `${span(duration ?? 0)} in all`);
  return moments;
}

const sizeOf = (size) => (size < 1000 ? `${size} bytes` : bytes(size));

const after = (seconds) => (seconds < 0.0005 ? "at once" : `+ ${span(seconds)}`);
