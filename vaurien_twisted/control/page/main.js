// The page: asks for the state once a second, follows the journal, and hands both on.

import { askWith, get } from "./api.js";
import { Chosen } from "./chosen.js";
import { Connections } from "./connections.js";
import { CopyAs } from "./copyas.js";
import { Decisions } from "./decisions.js";
import { byId, write } from "./dom.js";
import { experimentPhases } from "./experiment.js";
import { isGone, isThere } from "./gone.js";
import { History } from "./history.js";
import { Passed } from "./passed.js";
import { Plots } from "./plots.js";
import { Proxies } from "./proxies.js";
import { ProxyForm } from "./proxyform.js";
import { Rules } from "./rules.js";
import { Shortcuts } from "./shortcuts.js";
import { follow } from "./stream.js";
import { undoLatest } from "./toast.js";
import { ToxicForm } from "./toxicform.js";

const POLL = 1000; // ms
const PATIENCE = 10_000; // ms: a service that does not answer for so long is as good as gone
const BEFORE = 100; // entries of the journal from before the page was opened

const history = new History();
const decisions = new Decisions();
const passed = new Passed((text, left) => decisions.pass(text, left));
const toxicForm = new ToxicForm(() => refresh());
const rules = new Rules(() => refresh(), (proxy, toxic) => toxicForm.open(proxy, toxic));
const connections = new Connections((connection) => rules.speakOf(connection));
const proxies = new Proxies(() => showProxies());
const choose = (name) => refresh().then(() => name && proxies.pick(name));
const proxyForm = new ProxyForm(choose);
const copyAs = new CopyAs();
const copy = (proxy) => copyAs.open(proxy, rules.behaviors ?? {});
const chosen = new Chosen({ changed: choose, edit: (proxy) => proxyForm.open(proxy), copy });
const plots = new Plots(() => history.of(proxies.name));

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
  proxies.show(state.proxies);
  history.keep(proxies.names);
  decisions.know(proxies.names);
  const proxy = chosenProxy();
  document.body.classList.toggle("without", !proxy);
  byId("none").hidden = Boolean(proxy);
  document.title = proxy ? `${proxy.name} - Vaurien` : "Vaurien";
  if (!proxy) return;
  chosen.show(proxy);
  plots.update(proxy);
  rules.show(proxy);
  connections.refresh(proxy.name).then((open) => {
    rules.follow(open);
  }, () => {});
  passed.look(proxy.name).catch(() => {});
  experimentPhases().then((phases) => { plots.phases = phases; }, () => {});
  history.follow(proxy.name).then(() => plots.update(proxy), () => {});
}

/** Ask for the state and show it; answers whether the service was started anew. */
async function refresh() {
  const told = await get("state", AbortSignal.timeout(PATIENCE));
  const again = state !== null && told.journal.last < state.journal.last;
  state = told;
  write(byId("version"), state.version);
  if (state.seed !== undefined) {
    write(byId("seed"), String(state.seed));
    byId("seed-line").hidden = false;
  }
  showProxies();
  return again;
}

async function poll() {
  if (!document.hidden) {
    try {
      const again = await refresh();
      // A service that was started anew may know other behaviors.
      if (!rules.behaviors || again) {
        const fields = await rules.load();
        toxicForm.declare(rules.behaviors, fields);
      }
      isThere();
      link(streaming === "lost" ? "part" : "live", streaming === "lost" ? "no events" : "live");
    } catch (error) {
      const why = error.status ? error.message : "no answer";
      link("lost", why);
      isGone(why);
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

function nextTheme() {
  showTheme(globalThis.vaurienTheme.next());
  plots.recolor();
}

function showTheme(look) {
  write(byId("theme-text"), { auto: "Auto", light: "Light", dark: "Dark" }[look]);
  byId("theme").setAttribute("aria-label", `Look: ${look}. Change it`);
  byId("theme").title = "Light, dark, or as the system (t)";
}

const focusOn = (id) => () => byId(id).focus();
/** An action that needs a proxy and a service that answers. */
const withProxy = (act) => () => {
  const proxy = chosenProxy();
  if (proxy && byId("gone").hidden) act(proxy);
};

const KEYS = [
  ["b", "Choose a behavior", focusOn("behavior")],
  ["Ctrl Enter", "In the form: apply it", null],
  ["x", "New toxic", withProxy((proxy) => toxicForm.open(proxy))],
  ["n", "Back to normal: remove everything that is in force", withProxy(() => rules.normal())],
  ["u", "Undo what was removed last", withProxy(undoLatest)],
  ["y", "Copy what is in force as a command, a program or a file", withProxy(copy)],
  ["/", "Filter the decisions", focusOn("filter-text")],
  ["w", "Show requests that passed, too, or do not", () => byId("filter-passed").click()],
  ["p", "Pause the decisions, or go on", () => decisions.pause()],
  ["l", "The list of decisions; arrows go through it, Enter opens a row", focusOn("log")],
  ["c", "Connections", focusOn("connections")],
  ["g", "Plots; left and right read their values", focusOn("plots")],
  ["r", "Another time range of the plots", () => plots.nextRange()],
  ["1 … 9", "Another proxy", null],
  ["f", "Find a proxy", () => (byId("find-line").hidden ? byId("proxies").querySelector("[tabindex='0']") : byId("find-proxy"))?.focus()],
  ["a", "Add a proxy", () => byId("gone").hidden && proxyForm.open()],
  ["e", "Point the proxy elsewhere", withProxy((proxy) => proxyForm.open(proxy))],
  ["o", "Switch the proxy off, or on", withProxy(() => chosen.switch())],
  ["d", "Delete the proxy", withProxy(() => chosen.remove())],
  ["t", "Light, dark, or as the system", nextTheme],
  ["Esc", "Leave a field", null],
  ["?", "This list", () => byId("help-dialog").showModal()],
];

async function begin() {
  askWith(askToken());
  showTheme(globalThis.vaurienTheme.chosen);
  byId("theme").addEventListener("click", nextTheme);
  for (const id of ["new-proxy", "first-proxy"]) byId(id).addEventListener("click", () => proxyForm.open());
  byId("new-toxic").addEventListener("click", () => toxicForm.open(chosenProxy()));
  byId("help").addEventListener("click", () => byId("help-dialog").showModal());
  new Shortcuts(KEYS, (digit) => {
    const name = proxies.names[digit - 1];
    if (name) proxies.pick(name);
    return name !== undefined;
  });
  await poll();
  const since = Math.max(0, (state?.journal.last ?? 0) - BEFORE);
  follow(since, (text, name) => decisions.take(text, name), (now) => { streaming = now; });
}

begin();
