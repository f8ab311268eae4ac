// Requests to the service that this page came from, with the token if it wants one.

const KEY = "vaurien-token";
const base = new URL("./", document.baseURI);

/** The address of the service. */
export const serviceURL = base.href.replace(/\/$/, "");

let token = "";
try {
  token = sessionStorage.getItem(KEY) ?? "";
} catch { /* storage is forbidden: the token lasts as long as the page */ }

let prompt = () => new Promise(() => {});
let asked = null;

/** Whether the service wants a token, and has got it. */
export const hasToken = () => token !== "";

/** A request that the service refused, with its reason and the name it is about. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error?.description ?? `the service answered ${status}`);
    this.status = status;
    this.field = error?.name ?? "";
  }
}

/** How to ask the user for the token: `prompt(wrong)` resolves to it. */
export function askWith(asker) {
  prompt = asker;
}

async function renew(used) {
  // Several requests may be refused at once; the user is asked once.
  if (token !== used) return;
  asked ??= ask(used !== "");
  await asked;
}

async function ask(wrong) {
  let given = await prompt(wrong);
  // A header holds nothing else, and so no token has other characters.
  while (!/^[\x21-\x7e]+$/.test(given)) given = await prompt(true);
  token = given;
  asked = null;
  try {
    sessionStorage.setItem(KEY, given);
  } catch { /* not kept */ }
}

/** The response to a request, once the token is accepted. */
export async function send(path, { method = "GET", body, headers = {}, signal } = {}) {
  for (;;) {
    const used = token;
    const told = { ...headers };
    if (used) told.Authorization = `Bearer ${used}`;
    if (body !== undefined) told["Content-Type"] = "application/json";
    const response = await fetch(new URL(path, base), {
      method,
      headers: told,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: "no-store",
    });
    if (response.status !== 401) return response;
    await renew(used);
  }
}

// A seed has more digits than a number holds here; as text it keeps them all.
function exactly(key, value, context) {
  const lost = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return lost && context?.source ? context.source : value;
}

/** The JSON answer; a refusal is thrown. */
export async function call(method, path, body, signal) {
  const response = await send(path, { method, body, signal });
  let told = null;
  try {
    told = JSON.parse(await response.text(), exactly);
  } catch (error) {
    if (response.ok && response.status !== 204) throw error;
  }
  // Where Toxiproxy has the same path the reason is told as it would.
  if (!response.ok) throw new Refusal(response.status, told?.errors?.[0] ?? { description: told?.error });
  return told;
}

export const get = (path, signal) => call("GET", path, undefined, signal);

/** A path within one proxy's. */
export function proxyPath(name, rest) {
  return `proxies/${encodeURIComponent(name)}/${rest}`;
}

/** The path of one connection. */
export function connectionPath(proxy, id, more = "") {
  return `connections/${encodeURIComponent(id)}?proxy=${encodeURIComponent(proxy)}${more}`;
}
