// What is in force on a proxy, kept so that an undo can put it back.

import { call, connectionPath, get, proxyPath } from "./api.js";

/** What is in force on a proxy now: {rules, toxics, own}. */
export async function inForceNow(name) {
  const { proxies } = await get("state");
  const proxy = proxies.find((each) => each.name === name);
  if (!proxy) throw new Error(`there is no proxy ${name} any more`);
  return { rules: proxy.rules, toxics: proxy.toxics, own: proxy.own };
}

export const putRules = (name, rules) => call("PUT", proxyPath(name, "rules"), { rules });
export const addToxic = (name, toxic) => call("POST", proxyPath(name, "toxics"), toxic);

/** Put a connection's own rules in force; none: those of its proxy. */
export function putOwn(name, connection, rules) {
  return call("POST", connectionPath(name, connection), { rules });
}

/** Put back what was in force; connections that have ended meanwhile are left out. */
export async function putBack(name, before) {
  await putRules(name, before.rules);
  const { toxics } = await call("GET", `proxies/${encodeURIComponent(name)}`);
  const there = new Set(toxics.map((toxic) => toxic.name));
  for (const toxic of before.toxics) if (!there.has(toxic.name)) await addToxic(name, toxic);
  for (const { connection, rules } of before.own) {
    try {
      await putOwn(name, connection, rules);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }
}

/** Delete a proxy; answers what creates it again. */
export async function removeProxy(name) {
  const path = `proxies/${encodeURIComponent(name)}`;
  const [proxy, { rules }] = await Promise.all([get(path), get(proxyPath(name, "rules"))]);
  await call("DELETE", path);
  return () => call("POST", "proxies", { ...proxy, rules });
}
