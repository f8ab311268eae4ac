// The page: asks for the state once a second, follows the journal, and hands both on.

import { askWith, get } from "./api.js";
import { Connections } from "./connections.js";
import { Decisions } from "./decisions.js";
import { byId, make, write } from "./dom.js";
import { History } from "./history.js";
import { Plots } from "./plots.js";
import { Proxies } from "./proxies.js";
import { ProxyForm } from "./proxyform.js";
import { Rules } from "./rules.js";
import { follow } from "./stream.js";

const POLL = 1000; // ms
const BEFORE = 100; // entries of the journal from before the page was opened

const history = new History();
const decisions = new Decisions();
const rules = new Rules(() => refresh());
const connections = new Connections((connection) => rules.speakOf(connection));
const proxies = new Proxies(() => showProxies());
const proxyForm = new ProxyForm((name) => refresh().then(() => proxies.pick(name)));
const plots = new Plots(byId("plots"), () => history.of(proxies.name));

let state = null;
let streaming = "wait";

function link(now, text) {
  const place = byId("link");
  place.dataset.state = now;
  write(byId("link-text"), text);
}

function chosenProxy() {
  return state?.proxies.find(({ name }) => name === proxies.name);
}

function showProxies() {
  proxies.show(state.proxies, history);
  decisions.know(proxies.names);
  const proxy = chosenProxy();
  plots.update(proxy);
  if (!proxy) return;
  rules.show(proxy);
  connections.refresh(proxy.name).then((open) => rules.follow(open), () => {});
}

/** Ask for the state and show it. */
async function refresh() {
  const told = await get("state");
  const again = state !== null && told.journal.last < state.journal.last;
  state = told;
  write(byId("version"), state.version);
  if (state.seed !== undefined) {
    write(byId("seed"), String(state.seed));
    byId("seed-line").hidden = false;
  }
  history.take(state.proxies, Date.now() / 1000);
  showProxies();
  return again;
}

async function poll() {
  if (!document.hidden) {
    try {
      const again = await refresh();
      // A service that was started anew may know other behaviors.
      if (!rules.behaviors || again) await rules.load();
      link(streaming === "lost" ? "part" : "live", streaming === "lost" ? "no events" : "live");
    } catch (error) {
      link("lost", error instanceof TypeError ? "no answer" : error.message);
    }
  }
  setTimeout(poll, POLL);
}

function askToken() {
  const dialog = byId("token-dialog");
  return (wrong) => new Promise((resolve) => {
    if (wrong) write(byId("token-reason"), "The service did not accept this token.");
    const input = byId("token");
    input.value = "";
    dialog.showModal();
    input.focus();
    const answer = () => {
      // Without a token there is nothing to show: Escape asks again.
      if (!input.value) return void dialog.showModal();
      dialog.removeEventListener("close", answer);
      resolve(input.value);
    };
    dialog.addEventListener("close", answer);
  });
}

const focusOn = (id) => () => byId(id).focus();

const SHORTCUTS = [
  ["b", "Choose a behavior", focusOn("behavior")],
  ["Ctrl Enter", "In the form: apply it", null],
  ["n", "Back to normal: remove all rules", () => rules.normal()],
  ["/", "Filter the decisions", focusOn("filter-text")],
  ["p", "Pause the decisions, or go on", () => decisions.pause()],
  ["l", "The list of decisions; arrows go through it, Enter shows a row's reason", focusOn("log")],
  ["c", "Connections", focusOn("connections")],
  ["1 … 9", "Another proxy", null],
  ["a", "Add a proxy", () => proxyForm.open()],
  ["t", "Light, dark, or as the system", () => nextTheme()],
  ["Esc", "Leave a field", null],
  ["?", "This list", () => byId("help-dialog").showModal()],
];

function nextTheme() {
  showTheme(globalThis.vaurienTheme.next());
  plots.recolor();
}

function showTheme(chosen) {
  write(byId("theme-text"), { auto: "Auto", light: "Light", dark: "Dark" }[chosen]);
  byId("theme").setAttribute("aria-label", `Look: ${chosen}. Change it`);
  byId("theme").title = "Light, dark, or as the system (t)";
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=range]):not([type=checkbox]), select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const found = SHORTCUTS.find(([key, , act]) => act && key === event.key);
  const name = /^[1-9]$/.test(event.key) ? proxies.names[event.key - 1] : undefined;
  if (found) found[2]();
  else if (name) proxies.pick(name);
  else return;
  event.preventDefault();
}

async function begin() {
  askWith(askToken());
  showTheme(globalThis.vaurienTheme.chosen);
  byId("theme").addEventListener("click", nextTheme);
  byId("new-proxy").addEventListener("click", () => proxyForm.open());
  byId("help").addEventListener("click", () => byId("help-dialog").showModal());
  byId("shortcuts").append(...SHORTCUTS.flatMap(([key, text]) => [
    make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)]));
  document.addEventListener("keydown", press);
  await poll();
  const since = Math.max(0, (state?.journal.last ?? 0) - BEFORE);
  follow(since, (text, name) => decisions.take(text, name), (now) => { streaming = now; });
}

begin();
