// The list of what is in force: rules, toxics, and the rules of single connections.

import { byId, make } from "./dom.js";
import { ruleLimits, ruleWords } from "./format.js";

const button = (text, label, click, title) => make("button", {
  type: "button", class: "quiet", "aria-label": label, title, click,
}, text);

const item = (lines, ...buttons) => make("li", {}, make("div", { class: "alternatives" }, ...lines), ...buttons);

/**
 * The list.  `actions` has edit(place), remove(place), editToxic(toxic), removeToxic(toxic),
 * editOwn(connection) and removeOwn(own), which remove what is shown.
 */
export class RuleList {
  constructor(actions) {
    this.actions = actions;
    this.place = byId("rules");
    this.gone = null;
    this.shown = null;
    this.count = 0;
    // Not "pointerleave": browsers do not tell it of where an element under the pointer was replaced.
    document.addEventListener("pointermove", ({ target }) => {
      if (this.gone && !this.place.contains(target)) this.settle();
    });
  }

  /** Show what is in force; `behaviors` are declared by name, `none` is said where nothing is. */
  show({ rules, toxics, own }, behaviors, none) {
    this.shown = [{ rules, toxics, own }, behaviors, none];
    this.behaviors = behaviors;
    const items = [...rules.map((rule, place) => this.rule(rule, place)),
      ...toxics.map((toxic) => this.toxic(toxic)), ...own.map((each) => this.own(each))];
    // What came back takes the place that was left.
    if (this.gone && (!items.length || items.length > this.count)) this.gone = null;
    this.count = items.length;
    if (this.gone) items.splice(Math.min(this.gone.place, items.length), 0, this.gone.element);
    this.place.replaceChildren(...(items.length ? items : [make("li", { class: "none" }, none)]));
  }

  /**
   * What is at `place` is being removed: its row stays, empty, until the pointer leaves the
   * list, so that the next row does not come under it.
   */
  leave(place) {
    const row = this.place.children[place];
    if (!row?.matches(":hover")) {
      this.gone = null;
      return;
    }
    const element = make("li", { class: "gone" }, make("small", {}, "removed"));
    element.style.minHeight = `${row.getBoundingClientRect().height}px`;
    this.gone = { place, element };
  }

  /** Close up where something was removed. */
  settle() {
    if (!this.gone) return;
    this.gone = null;
    this.show(...this.shown);
  }

  rule(rule, place) {
    const alternatives = rule.draw ?? [rule];
    const name = alternatives.map((each) => each.behavior).join(" or ");
    return item(alternatives.map((each) => this.line(each)),
      rule.draw ? null : button("Change", `Change rule ${place + 1}, ${name}`, () => this.actions.edit(place)),
      button("✕", `Remove rule ${place + 1}, ${name}`, ({ currentTarget }) => this.remove(currentTarget, () => this.actions.remove(place)), "Remove"));
  }

  toxic(toxic) {
    const share = toxic.toxicity === 1 ? "" : `${Number((toxic.toxicity * 100).toFixed(2))} %`;
    const words = ruleWords({ options: toxic.attributes }, this.behaviors?.[toxic.type]);
    const limits = [`toxic, ${toxic.stream}`, toxic.for && `for ${toxic.for} s`, toxic.lease && `lease ${toxic.lease}`];
    return item([this.words(toxic.type, share, toxic.name === toxic.type ? "" : toxic.name, words, limits.filter(Boolean).join(" · "))],
      button("Change", `Change toxic ${toxic.name}`, () => this.actions.editToxic(toxic)),
      button("✕", `Remove toxic ${toxic.name}`, ({ currentTarget }) => this.remove(currentTarget, () => this.actions.removeToxic(toxic)), "Remove"));
  }

  /** A connection with rules of its own. */
  own(own) {
    const lines = own.rules.flatMap((rule) => rule.draw ?? [rule]).map((each) => this.line(each));
    const { connection } = own;
    return item([...lines, make("p", { class: "whose" }, make("small", {}, `for connection ${connection} alone`))],
      button("Change", `Change the rules of connection ${connection}`, () => this.actions.editOwn(own)),
      button("✕", `Remove the rules of connection ${connection}`, ({ currentTarget }) => this.remove(currentTarget, () => this.actions.removeOwn(own)), "Remove"));
  }

  remove(from, act) {
    this.leave([...this.place.children].indexOf(from.closest("li")));
    act();
  }

  line(rule) {
    const share = rule.percent === undefined || rule.percent === 100 ? "" : `${rule.percent} %`;
    return this.words(rule.behavior, share, rule.name, ruleWords(rule, this.behaviors?.[rule.behavior]), ruleLimits(rule));
  }

  words(title, share, name, options, limits) {
    return make("p", {},
      make("strong", {}, title),
      share ? make("span", { class: "chip" }, share) : null,
      name ? make("span", { class: "chip name" }, name) : null,
      options ? make("span", { class: "words" }, options) : null,
      limits ? make("small", {}, limits) : null);
  }
}
