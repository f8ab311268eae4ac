// An exchange from its beginning to its end: when it came, what happened to it and why.

import { get } from "./api.js";
import { effectOf, whatOf, whichOf } from "./decisionrow.js";
import { make } from "./dom.js";
import { clock, span } from "./format.js";

const COMMON = new Set(["id", "time", "kind", "proxy", "connection", "exchange", "description", "rule", "effect", "words", "reason", "client", "what", "by"]);

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

/** The elements that tell of an entry of the journal, or of an exchange that passed. */
export async function story(entry) {
  const steps = [];
  if (entry.kind === "set") steps.push(...step(clock(entry.time), `${entry.what} set: ${effectOf(entry)}`, byWhom(entry)));
  else if (entry.exchange === undefined) steps.push(...step(clock(entry.time), [effectOf(entry), entry.reason, otherFacts(entry)].filter(Boolean).join(", ")));
  else await ofExchange(entry, steps);
  return [make("dl", {}, ...steps)];
}

async function ofExchange(entry, steps) {
  let told = null;
  try {
    const query = { proxy: entry.proxy, connection: entry.connection, exchange: entry.exchange };
    told = await get(`explain?${new URLSearchParams(query)}`);
  } catch { /* what the entry says is told */ }
  const done = told?.journal.length ? told.journal : entry.kind === "passed" ? [] : [entry];
  const came = done[0]?.time ?? entry.time;
  const from = entry.client ? ` from ${entry.client}` : "";
  steps.push(...step(clock(came), whatOf(entry) || "a connection", `came${from} on connection ${entry.connection}, exchange ${entry.exchange}`));
  for (const each of done) {
    steps.push(...step(after(came, each.time), effectOf(each), [each.rule, each.reason, otherFacts(each)].filter(Boolean).join(" · ")));
  }
  if (entry.kind === "passed" && !done.length) steps.push(...step("", "passed unchanged"));
  const others = (told?.rules ?? []).filter(({ applied }) => !applied);
  for (const { rule, reason } of others) steps.push(...step("not", rule, reason));
  if (entry.kind === "passed" && !others.length) steps.push(...step("", "no rule is in force for it"));
  if (!told) steps.push(...step("", `${whichOf(entry)}: nothing more is known of it`));
}

const after = (came, time) => (time - came < 0.0005 ? "at once" : `+ ${span(time - came)}`);
