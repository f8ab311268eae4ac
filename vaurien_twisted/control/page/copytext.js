// What is in force on a proxy, written for a shell, a program or a file.

import { doing } from "./format.js";

/** An object without the options that are at their default. */
function without(options, declared = []) {
  const same = (name, value) => JSON.stringify(declared.find((each) => each.name === name)?.default) === JSON.stringify(value);
  return Object.fromEntries(Object.entries(options ?? {}).filter(([name, value]) => !same(name, value)));
}

function shortRule(rule, behaviors) {
  if (rule.draw) return { draw: rule.draw.map((each) => shortRule(each, behaviors)) };
  const { options, percent, ...rest } = rule;
  const changed = without(options, behaviors[rule.behavior]?.options);
  if (Object.keys(changed).length) rest.options = changed;
  if (percent !== undefined && percent !== 100) rest.percent = percent;
  return rest;
}

function shortToxic(toxic, behaviors) {
  return { ...toxic, attributes: without(toxic.attributes, behaviors[toxic.type]?.options) };
}

/** What is in force on a proxy, without what is at its default: {name, rules, toxics, …}. */
export function shortened(proxy, behaviors) {
  return {
    ...proxy,
    rules: doing(proxy.rules).map((rule) => shortRule(rule, behaviors)),
    toxics: proxy.toxics.map((toxic) => shortToxic(toxic, behaviors)),
  };
}

/** A word as a POSIX shell reads it. */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const word = (value) => quoted(typeof value === "string" ? value : JSON.stringify(value));

/** Rules that are a behavior and its options alone, undefined otherwise. */
function simple(rules) {
  if (rules.length !== 1 || rules[0].draw) return undefined;
  const { behavior, options, percent, ...rest } = rules[0];
  if (Object.keys(rest).length) return undefined;
  if (Object.values(options ?? {}).some((value) => typeof value === "object")) return undefined;
  return { name: percent === undefined ? behavior : `${percent}:${behavior}`, options: options ?? {}, behavior };
}

function vaurienctl({ name, rules, toxics }, { url }) {
  const own = url === "http://localhost:8080" ? "vaurienctl" : `vaurienctl --host ${quoted(url)}`;
  const lines = [];
  const one = simple(rules);
  if (one) {
    const prefix = one.name === one.behavior ? "" : `${one.behavior}.`;
    const options = Object.entries(one.options).map(([key, value]) => word(`${prefix}${key}=${value}`));
    lines.push([own, "set-behavior", one.name, ...options, "--proxy", quoted(name)].join(" "));
  } else if (rules.length) {
    lines.push(`${own} rules ${quoted(name)} --set - <<'END'`, JSON.stringify(rules, null, 2), "END");
  }
  for (const toxic of toxics) {
    const attributes = Object.entries(toxic.attributes).flatMap(([key, value]) => ["-a", word(`${key}=${typeof value === "object" ? JSON.stringify(value) : value}`)]);
    const share = toxic.toxicity === 1 ? [] : ["--toxicity", toxic.toxicity];
    lines.push([own, "toxic add", quoted(name), "-t", quoted(toxic.type), "-n", quoted(toxic.name), `--${toxic.stream}`, ...share, ...attributes].join(" "));
  }
  return lines.join("\n");
}

function curl({ name, rules, toxics }, { url, token }) {
  const path = `${url}/proxies/${encodeURIComponent(name)}`;
  const headers = ["-H 'Content-Type: application/json'", ...(token ? ['-H "Authorization: Bearer $VAURIEN_TOKEN"'] : [])];
  const request = (method, address, body) =>
    [`curl -X ${method} ${quoted(address)}`, ...headers, `-d ${quoted(JSON.stringify(body))}`].join(" \\\n  ");
  const lines = [request("PUT", `${path}/rules`, { rules })];
  for (const toxic of toxics) lines.push(request("POST", `${path}/toxics`, toxic));
  return lines.join("\n");
}

/** A value as Python writes it. */
function literal(value, indent = 0) {
  const inner = " ".repeat(indent + 4);
  const lines = (parts, open, close) => (parts.length ? `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${" ".repeat(indent)}${close}` : open + close);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return lines(value.map((each) => literal(each, indent + 4)), "[", "]");
  if (typeof value === "object") {
    return lines(Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${literal(each, indent + 4)}`), "{", "}");
  }
  return JSON.stringify(value);
}

function python({ name, rules, toxics }, { url, token }) {
  const lines = ["from vaurien_twisted import Client", ""];
  if (token) lines.unshift("import os", "");
  const more = token ? ', token=os.environ["VAURIEN_TOKEN"]' : "";
  lines.push(`proxy = Client(url=${JSON.stringify(url)}${more}).proxy(${JSON.stringify(name)})`);
  if (rules.length) lines.push(`proxy.set_rules(${literal(rules)})`);
  for (const { type, name: own, stream, toxicity, attributes } of toxics) {
    const words = [JSON.stringify(type), `name=${JSON.stringify(own)}`, `stream=${JSON.stringify(stream)}`];
    if (toxicity !== 1) words.push(`toxicity=${toxicity}`);
    if (Object.keys(attributes).length) words.push(`**${literal(attributes)}`);
    lines.push(`proxy.add_toxic(${words.join(", ")})`);
  }
  return lines.join("\n");
}

/** A value in an ini file: a list and an object take a line for each entry. */
function iniValue(value) {
  const parts = Array.isArray(value) ? value
    : typeof value === "object" && value !== null ? Object.entries(value).map(([key, each]) => `${key}: ${each}`) : [value];
  return parts.join("\n    ");
}

function iniRule(section, rule, draw, proxy) {
  const { behavior, options = {}, when = {}, name, lease, ...rest } = rule;
  const lines = { proxy, behavior, ...options };
  for (const [key, value] of Object.entries(when)) lines[`when.${key}`] = value;
  Object.assign(lines, rest);
  if (draw) lines.draw = draw;
  return [`[rule:${section}]`, ...Object.entries(lines).map(([key, value]) => `${key} = ${iniValue(value)}`)].join("\n");
}

function ini({ name, listen, upstream, protocol, rules, toxics }) {
  const taken = new Set();
  const section = (wanted) => {
    let free = wanted;
    for (let number = 2; taken.has(free); number += 1) free = `${wanted}-${number}`;
    taken.add(free);
    return free;
  };
  const parts = [`[proxy:${name}]\nlisten = ${listen}\nbackend = ${upstream}\nprotocol = ${protocol}`];
  rules.forEach((rule, place) => {
    for (const each of rule.draw ?? [rule]) {
      parts.push(iniRule(section(each.name || each.behavior), each, rule.draw ? `draw-${place + 1}` : "", name));
    }
  });
  // An ini file has no toxics: a rule with a direction does the same.
  for (const { name: own, type, stream, toxicity, attributes, for: lasting } of toxics) {
    const rule = { behavior: type === "noop" ? "dummy" : type, options: { ...attributes, direction: stream } };
    if (toxicity !== 1) rule.percent = Number((toxicity * 100).toFixed(6));
    if (lasting) rule.for = lasting;
    parts.push(iniRule(section(own), rule, "", name));
  }
  return parts.join("\n\n");
}

function json({ name, listen, upstream, protocol, enabled, rules, toxics }) {
  return JSON.stringify([{ name, listen, upstream, protocol, enabled, rules, toxics }], null, 2);
}

/** The forms: a title, how to use it, and what writes it. */
export const FORMS = [
  ["vaurienctl", "In a shell, for a service that runs.", vaurienctl],
  ["curl", "In a shell, for a service that runs.", curl],
  ["Python", "In a program or a test, for a service that runs.", python],
  ["ini", "In a file: vaurien --http --config vaurien.ini", ini],
  ["JSON", "In a file: vaurien --http --config proxies.json, or the body of POST /populate.", json],
];
