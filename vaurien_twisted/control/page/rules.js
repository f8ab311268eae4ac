// The rules in force on a proxy, or on one connection alone, and changing them.

import { call, get, proxyPath, Refusal } from "./api.js";
import { byId, make, say, write } from "./dom.js";
import { doing } from "./format.js";
import { addToxic, inForceNow, putBack, putOwn, putRules } from "./restore.js";
import { RuleForm } from "./ruleform.js";
import { RuleList } from "./rulelist.js";
import { toast } from "./toast.js";

/**
 * The panel; `changed()` is called when others are in force, `editToxic(proxy, toxic)` when a
 * toxic is to be changed.
 */
export class Rules {
  constructor(changed, editToxic) {
    this.changed = changed;
    this.list = new RuleList({
      edit: (place) => this.edit(place),
      remove: (place) => this.remove(place),
      editToxic: (toxic) => editToxic(this.proxy, toxic),
      removeToxic: (toxic) => this.removeToxic(toxic),
      editOwn: ({ connection, rules }) => this.speakOf({ id: connection, own: rules }),
      removeOwn: (own) => this.removeOwn(own),
    });
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

  /** Ask what can be chosen; answers what the service declares of toxics. */
  async load() {
    const [told, wires, schema] = await Promise.all(
      [get("behaviors?verbose=1"), get("protocols"), get("schema")]);
    this.form.declare(schema.rule);
    this.behaviors = told.details;
    this.protocols = wires.protocols;
    this.offered = undefined;
    // What is shown already had no units yet.
    if (this.proxy) this.show(this.proxy);
    return schema.toxic;
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
    const alone = this.connection !== null;
    const toxics = alone ? [] : this.proxy.toxics ?? [];
    const own = alone ? [] : this.proxy.own ?? [];
    const text = JSON.stringify([rules, toxics, own, this.connection, Boolean(this.behaviors)]);
    if (text === this.shown && !anew) return;
    this.shown = text;
    this.rules = doing(rules);
    this.stopEditing();
    this.form.offerButtons(this.rules.length);
    byId("normal").hidden = this.rules.length + toxics.length + own.length === 0 && !alone;
    byId("new-toxic").hidden = alone;
    this.alone.hidden = !alone;
    this.alone.replaceChildren();
    if (alone) {
      this.alone.append(`For connection ${this.connection} alone, in place of the proxy's rules. `,
        make("button", { type: "button", class: "quiet", click: () => this.speakOf(null) }, "Back to the proxy's"));
    }
    write(byId("set-title"), alone ? `In force on connection ${this.connection}` : "In force");
    this.list.show({ rules: this.rules, toxics, own }, this.behaviors,
      alone ? "Nothing set here yet: it follows the proxy." : "Everything passes unchanged.");
  }

  edit(place) {
    this.editing = place;
    this.form.edit(this.rules[place]);
  }

  remove(place) {
    const { proxy, connection, rules } = this;
    const [rule] = rules.slice(place);
    const name = (rule.draw ?? [rule]).map((each) => each.name || each.behavior).join(" or ");
    return this.put(rules.filter((_, index) => index !== place), "", -1)
      .then((done) => done && this.removed(`${name} is removed`, proxy, connection, { rules }));
  }

  /** Do something that removes; answers whether it was done. */
  async take(act, done, undo) {
    try {
      await act();
    } catch (error) {
      this.refused(error, -1);
      return;
    }
    toast(done, undo);
    await this.changed();
  }

  removeToxic(toxic) {
    const { name } = this.proxy;
    return this.take(
      () => call("DELETE", proxyPath(name, `toxics/${encodeURIComponent(toxic.name)}`)),
      `${toxic.name} is removed`,
      async () => {
        await addToxic(name, toxic);
        await this.changed();
        return `${toxic.name} is in force again`;
      });
  }

  removeOwn({ connection, rules }) {
    const { proxy } = this;
    return this.take(() => putOwn(proxy.name, connection, []),
      `connection ${connection} follows the proxy's rules`,
      () => this.back(proxy, connection, { rules }));
  }

  /** Say that something was removed, and offer to undo it. */
  removed(text, proxy, connection, before) {
    toast(text, () => this.back(proxy, connection, before));
  }

  /** Put back what was in force before. */
  async back(proxy, connection, before) {
    if (connection !== null) await putOwn(proxy.name, connection, before.rules);
    else if (before.toxics) await putBack(proxy.name, before);
    else await putRules(proxy.name, before.rules);
    await this.changed();
    return "In force again";
  }

  /** All back to normal; a connection alone goes back under the proxy's rules. */
  async normal() {
    const { proxy, connection, rules } = this;
    if (!proxy || byId("normal").hidden) return;
    if (connection !== null) {
      if (await this.put([], "", -1) && rules.length) {
        this.removed(`connection ${connection} follows the proxy's rules`, proxy, connection, { rules });
      }
      this.speakOf(null);
      return;
    }
    let before;
    await this.take(async () => {
      before = await inForceNow(proxy.name);
      await call("POST", proxyPath(proxy.name, "normal"));
    }, `${proxy.name}: everything passes unchanged`, () => this.back(proxy, null, before));
  }

  async apply(rule, how) {
    const { proxy, connection } = this;
    const before = this.rules;
    const rules = how === "replace" ? [rule]
      : how === "add" ? [...before, rule]
        : before.map((own, place) => (place === this.editing ? rule : own));
    const place = how === "replace" ? 0 : how === "add" ? rules.length - 1 : this.editing;
    const done = `${rule.behavior} is in force`;
    if (await this.put(rules, done, place) && how === "replace" && before.length) {
      const lost = before.length > 1 ? `${before.length} rules` : "the rule before";
      this.removed(`${done}, in place of ${lost}`, proxy, connection, { rules: before });
    }
  }

  /** Answers whether it was done.  `place`: which of the rules the form has written, for the refusal. */
  async put(rules, done, place) {
    const { proxy, connection } = this;
    try {
      if (connection === null) {
        await putRules(proxy.name, rules);
        // As the service tells it: with its defaults, and alternatives as it has them.
        proxy.rules = (await get(proxyPath(proxy.name, "rules"))).rules;
      } else {
        await putOwn(proxy.name, connection, rules);
      }
    } catch (error) {
      this.refused(error, place);
      return false;
    }
    if (this.proxy.name === proxy.name && this.connection === connection) {
      this.showRules(connection === null ? proxy.rules : rules, true);
      this.form.refuse("");
    }
    if (done) say(done);
    this.changed();
    return true;
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
