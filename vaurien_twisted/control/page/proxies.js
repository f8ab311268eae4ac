// The proxies to choose from: where each listens, what it goes to, what is in force, how much passes.

import { byId, make, write } from "./dom.js";
import { inForce, short } from "./format.js";

const MANY = 8; // so many proxies have a field to find one

/** "on", "faulty" or "off", and that in words. */
export function stateOf(proxy) {
  const rules = inForce(proxy);
  const state = !proxy.enabled ? "off" : rules ? "faulty" : "on";
  return [state, state === "off" ? "switched off" : rules || "passes unchanged"];
}

/** Exchanges per second since the last look, by the counter of a proxy. */
class Rate {
  constructor() {
    this.rate = 0;
  }

  take(count, now) {
    if (this.since !== undefined && now - this.since < 300) return;
    if (this.since !== undefined) this.rate = Math.max(0, count - this.count) / ((now - this.since) / 1000);
    Object.assign(this, { count, since: now });
  }
}

class Card {
  constructor(name, choose) {
    this.rate = new Rate();
    this.element = make("button", {
      type: "button", role: "radio", class: "panel proxy", click: () => choose(name),
    });
    this.name = make("strong", { title: name }, name);
    this.protocol = make("span", { class: "chip" });
    this.way = make("span", { class: "way" });
    this.state = make("span", { class: "badge" });
    this.figures = make("span", { class: "figures" });
    const head = make("span", { class: "head" }, make("span", { class: "dot" }), this.name, this.protocol);
    this.element.append(head, this.state, this.way, this.figures);
  }

  show(proxy, chosen) {
    const [state, words] = stateOf(proxy);
    this.rate.take(proxy.exchanges, performance.now());
    this.element.dataset.state = this.state.dataset.state = state;
    this.element.setAttribute("aria-checked", String(chosen));
    this.element.tabIndex = chosen ? 0 : -1;
    write(this.protocol, proxy.protocol);
    write(this.way, `${proxy.listen} → ${proxy.upstream}`);
    this.way.title = this.way.textContent;
    write(this.state, words);
    write(this.figures, `${short(this.rate.rate)}/s`);
  }
}

/** The proxies; `chosen(name)` is called when another is picked. */
export class Proxies {
  constructor(chosen) {
    this.place = byId("proxies");
    this.find = byId("find-proxy");
    this.chosen = chosen;
    this.cards = new Map();
    this.name = null;
    this.place.addEventListener("keydown", (event) => this.move(event));
    this.find.addEventListener("input", () => this.filter());
    this.find.addEventListener("keydown", (event) => {
      const [first] = this.shown;
      if (event.key === "Enter" && first) this.pick(first);
    });
  }

  get names() {
    return [...this.cards.keys()];
  }

  /** The names that the field lets show. */
  get shown() {
    return this.names.filter((name) => !this.cards.get(name).element.hidden);
  }

  pick(name) {
    if (!this.cards.has(name)) return;
    this.name = name;
    this.chosen(name);
    this.cards.get(name).element.scrollIntoView({ block: "nearest" });
  }

  show(proxies) {
    const names = proxies.map(({ name }) => name);
    if (JSON.stringify(names) !== JSON.stringify(this.names)) {
      const kept = this.cards;
      this.cards = new Map(names.map((name) => [name, kept.get(name) ?? new Card(name, (own) => this.pick(own))]));
      this.place.replaceChildren(...[...this.cards.values()].map(({ element }) => element));
    }
    if (!this.cards.has(this.name)) this.name = names[0] ?? null;
    for (const proxy of proxies) this.cards.get(proxy.name).show(proxy, proxy.name === this.name);
    // A single one is shown by its own heading.
    byId("choose").hidden = names.length < 2;
    byId("find-line").hidden = names.length < MANY;
    write(byId("proxies-count"), String(names.length));
    this.filter();
  }

  filter() {
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { element } of this.cards.values()) {
      const text = words.length ? element.textContent.toLowerCase() : "";
      element.hidden = !words.every((word) => text.includes(word));
    }
    byId("none-found").hidden = this.shown.length > 0 || !words.length;
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const { shown } = this;
    if (!step || !shown.length) return;
    event.preventDefault();
    const next = shown[(shown.indexOf(this.name) + step + shown.length) % shown.length];
    this.pick(next);
    this.cards.get(next).element.focus();
  }
}
