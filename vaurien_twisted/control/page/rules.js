// The rules in force on a proxy, or on one connection alone, and changing them.

import { call, connectionPath, get, proxyPath, Refusal } from "./api.js";
import { byId, make, say } from "./dom.js";
import { doing, ruleLimits, ruleWords } from "./format.js";
import { RuleForm } from "./ruleform.js";

/** The panel; `changed()` is called when other rules are in force. */
export class Rules {
  constructor(changed) {
    this.changed = changed;
    this.list = byId("rules");
    this.alone = byId("alone");
    this.form = new RuleForm(byId("form"), (rule, how) => (rule ? this.apply(rule, how) : this.stopEditing()));
    this.protocols = {};
    this.proxy = null;
    this.connection = null;
    this.rules = [];
    this.editing = -1;
    this.shown = "";
    byId("normal").addEventListener("click", () => this.normal());
  }

  /** Ask what can be chosen. */
  async load() {
    const [told, wires, schema] = await Promise.all(
      [get("behaviors?verbose=1"), get("protocols"), get("schema")]);
    this.form.declare(schema.rule);
    this.behaviors = told.details;
    this.protocols = wires.protocols;
    this.offered = undefined;
    // What is shown already had no units yet.
    if (this.proxy) this.show(this.proxy);
  }

  offer() {
    if (!this.behaviors || !this.proxy || this.offered === this.proxy.protocol) return;
    this.offered = this.proxy.protocol;
    this.form.offer(this.behaviors, this.protocols[this.proxy.protocol]);
  }

  /** Show a proxy as the service told of it. */
  show(proxy) {
    const other = this.proxy?.name !== proxy.name;
    this.proxy = proxy;
    this.offer();
    if (other) this.connection = null;
    if (this.connection === null) this.showRules(proxy.rules, other);
  }

  /** Speak of one connection alone, `null` for all of the proxy's. */
  speakOf(connection) {
    this.connection = connection?.id ?? null;
    this.stopEditing();
    this.showRules(connection ? connection.own ?? [] : this.proxy.rules, true);
    byId("set").focus();
  }

  /** The open connections as the service tells them: the one spoken of may be gone. */
  follow(open) {
    if (this.connection === null) return;
    const own = open.find(({ id }) => id === this.connection);
    if (own) this.showRules(own.own ?? []);
    else this.speakOf(null);
  }

  stopEditing() {
    if (this.editing < 0) return;
    this.editing = -1;
    this.form.edit(null);
  }

  showRules(rules, anew = false) {
    const toxics = this.connection === null ? this.proxy.toxics ?? [] : [];
    const own = this.connection === null ? this.proxy.own ?? [] : [];
    const text = JSON.stringify([rules, toxics, own, this.connection, Boolean(this.behaviors)]);
    if (text === this.shown && !anew) return;
    this.shown = text;
    this.rules = doing(rules);
    this.stopEditing();
    this.form.offerButtons(this.rules.length);
    byId("normal").hidden = this.rules.length + toxics.length + own.length === 0
      && this.connection === null;
    this.alone.hidden = this.connection === null;
    this.alone.replaceChildren();
    if (this.connection !== null) {
      this.alone.append(`For connection ${this.connection} alone, in place of the proxy's rules. `,
        make("button", { type: "button", class: "quiet", click: () => this.speakOf(null) }, "Back to the proxy's"));
    }
    const none = this.connection === null
      ? "Everything passes unchanged." : "Nothing set here yet: it follows the proxy.";
    const items = [...this.rules.map((rule, place) => this.item(rule, place)),
      ...toxics.map((toxic) => this.toxic(toxic)), ...own.map((each) => this.own(each))];
    this.list.replaceChildren(...(items.length ? items : [make("li", { class: "none" }, none)]));
  }

  item(rule, place) {
    const alternatives = rule.draw ?? [rule];
    const lines = alternatives.map((each) => this.line(each));
    const name = alternatives.map((each) => each.behavior).join(" or ");
    const edit = rule.draw ? null : make("button", {
      type: "button", class: "quiet", "aria-label": `Change rule ${place + 1}, ${name}`, click: () => this.edit(place),
    }, "Change");
    const remove = make("button", {
      type: "button", class: "quiet", "aria-label": `Remove rule ${place + 1}, ${name}`, title: "Remove",
      click: () => this.put(this.rules.filter((_, index) => index !== place), `removed ${name}`),
    }, "✕");
    return make("li", {}, make("div", { class: "alternatives" }, ...lines), edit, remove);
  }

  /** A connection with rules of its own. */
  own({ connection, rules }) {
    const lines = rules.flatMap((rule) => rule.draw ?? [rule]).map((each) => this.line(each));
    return make("li", {}, make("div", { class: "alternatives" }, ...lines,
      make("p", {}, make("small", {}, `for connection ${connection} alone`))));
  }

  toxic(toxic) {
    const options = ruleWords({ options: toxic.attributes }, this.behaviors?.[toxic.type]);
    const share = toxic.toxicity === 1 ? "" : `${Number((toxic.toxicity * 100).toFixed(2))} %`;
    const remove = make("button", {
      type: "button", class: "quiet", "aria-label": `Remove toxic ${toxic.name}`, title: "Remove",
      click: () => this.removeToxics(this.proxy, [toxic], `removed ${toxic.name}`),
    }, "✕");
    return make("li", {}, make("div", { class: "alternatives" }, make("p", {},
      make("strong", {}, toxic.type),
      share ? make("span", { class: "chip" }, share) : null,
      toxic.name === toxic.type ? null : make("span", { class: "chip name" }, toxic.name),
      options ? make("span", { class: "words" }, options) : null,
      make("small", {}, `toxic, ${toxic.stream}`))), remove);
  }

  async removeToxics(proxy, toxics, done) {
    try {
      for (const { name } of toxics) {
        await call("DELETE", proxyPath(proxy.name, `toxics/${encodeURIComponent(name)}`));
      }
    } catch (error) {
      this.refused(error, -1);
      return;
    }
    say(done);
    this.changed();
  }

  line(rule) {
    const share = rule.percent === undefined || rule.percent === 100 ? "" : `${rule.percent} %`;
    const options = ruleWords(rule, this.behaviors?.[rule.behavior]);
    const limits = ruleLimits(rule);
    return make("p", {},
      make("strong", {}, rule.behavior),
      share ? make("span", { class: "chip" }, share) : null,
      rule.name ? make("span", { class: "chip name" }, rule.name) : null,
      options ? make("span", { class: "words" }, options) : null,
      limits ? make("small", {}, limits) : null);
  }

  edit(place) {
    this.editing = place;
    this.form.edit(this.rules[place]);
  }

  /** All back to normal; a connection alone goes back under the proxy's rules. */
  async normal() {
    const done = "everything passes unchanged";
    const { proxy, connection } = this;
    if (connection !== null) {
      await this.put([], done);
      this.speakOf(null);
      return;
    }
    try {
      await call("POST", proxyPath(proxy.name, "normal"));
    } catch (error) {
      this.refused(error, -1);
      return;
    }
    say(done);
    this.changed();
  }

  async apply(rule, how) {
    const rules = how === "replace" ? [rule]
      : how === "add" ? [...this.rules, rule]
        : this.rules.map((own, place) => (place === this.editing ? rule : own));
    const place = how === "replace" ? 0 : how === "add" ? rules.length - 1 : this.editing;
    await this.put(rules, `${rule.behavior} is in force`, place);
  }

  /** `place`: which of the rules the form has written, for the refusal. */
  async put(rules, done, place = -1) {
    const { proxy, connection } = this;
    try {
      if (connection === null) {
        await call("PUT", proxyPath(proxy.name, "rules"), { rules });
        // As the service tells it: with its defaults, and alternatives as it has them.
        proxy.rules = (await get(proxyPath(proxy.name, "rules"))).rules;
      } else {
        await call("POST", connectionPath(proxy.name, connection), { rules });
      }
    } catch (error) {
      this.refused(error, place);
      return;
    }
    if (this.proxy.name === proxy.name && this.connection === connection) {
      this.showRules(connection === null ? proxy.rules : rules, true);
      this.form.refuse("");
    }
    say(done);
    this.changed();
  }

  refused(error, place) {
    const [, number, rest] = /^rule (\d+): (.*)$/s.exec(error.message) ?? [];
    const ours = error instanceof Refusal && (number === undefined || Number(number) === place + 1);
    const reason = ours ? rest ?? error.message : error.message;
    // Beside the field its name need not be said again.
    const bare = ours && reason.startsWith(`${error.field}: `) ? reason.slice(error.field.length + 2) : reason;
    this.form.refuse(bare, ours ? error.field : "");
    say(`refused: ${error.message}`);
  }
}
