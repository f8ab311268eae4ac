// The proxies: where each listens, what it goes to, what is in force, how much passes.

import { byId, make, write } from "./dom.js";
import { doing, short } from "./format.js";

function inForce(proxy) {
  const toxics = proxy.toxics ?? [];
  const words = doing(proxy.rules ?? [])
    .map((rule) => (rule.draw ?? [rule]).map((each) => each.name || each.behavior).join(" or "))
    .concat(toxics.map(({ type }) => type));
  if (!words.length) return "";
  if (words.length > 2) return `${words.length} rules${toxics.length ? " and toxics" : ""}`;
  return words.join(", ");
}

class Card {
  constructor(name, choose) {
    this.element = make("button", {
      type: "button", role: "radio", class: "panel proxy", click: () => choose(name),
    });
    this.name = make("strong", {}, name);
    this.protocol = make("span", { class: "chip" });
    this.way = make("span", { class: "way" });
    this.state = make("span", { class: "badge" });
    this.figures = make("span", { class: "figures" });
    this.element.append(make("span", { class: "dot" }), this.name, this.protocol, this.way, this.state, this.figures);
  }

  show(proxy, latest, chosen) {
    const rules = inForce(proxy);
    const state = !proxy.enabled ? "off" : rules ? "faulty" : "on";
    this.element.dataset.state = state;
    this.element.setAttribute("aria-checked", String(chosen));
    this.element.tabIndex = chosen ? 0 : -1;
    write(this.protocol, proxy.protocol);
    write(this.way, `${proxy.listen} → ${proxy.upstream}`);
    write(this.state, state === "off" ? "not listening" : rules || "passes unchanged");
    this.state.dataset.state = state;
    const failed = proxy.connectFailures ? ` · ${short(proxy.connectFailures)} not connected` : "";
    write(this.figures, `${short(proxy.open)} open · ${short(latest?.exchanges ?? 0)}/s · ${short(proxy.faults)} faults${failed}`);
  }
}

/** The row of proxies; `chosen(name)` is called when another is picked. */
export class Proxies {
  constructor(chosen) {
    this.place = byId("proxies");
    this.chosen = chosen;
    this.cards = new Map();
    this.name = null;
    this.place.addEventListener("keydown", (event) => this.move(event));
  }

  get names() {
    return [...this.cards.keys()];
  }

  pick(name) {
    if (!this.cards.has(name)) return;
    this.name = name;
    this.chosen(name);
  }

  show(proxies, history) {
    const names = proxies.map(({ name }) => name);
    if (JSON.stringify(names) !== JSON.stringify(this.names)) {
      const kept = this.cards;
      this.cards = new Map(names.map((name) => [name, kept.get(name) ?? new Card(name, (own) => this.pick(own))]));
      this.place.replaceChildren(...[...this.cards.values()].map(({ element }) => element));
    }
    if (!this.cards.has(this.name)) this.name = names[0] ?? null;
    for (const proxy of proxies) {
      this.cards.get(proxy.name).show(proxy, history.of(proxy.name)?.latest, proxy.name === this.name);
    }
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !this.cards.size) return;
    event.preventDefault();
    const { names } = this;
    const next = names[(names.indexOf(this.name) + step + names.length) % names.length];
    this.pick(next);
    this.cards.get(next).element.focus();
  }
}
