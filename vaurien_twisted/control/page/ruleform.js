// The form in which one rule is written: a behavior, its options, and to what it applies.

import { make, write } from "./dom.js";
import { Field, folded, readAll } from "./forms.js";

const SHOWN = 4; // options; those declared after them are folded away

const PLACEHOLDERS = { glob: "/api/*", regex: "a pattern", word: "a word", network: "10.0.0.0/8" };

/** The field for a matcher of `when`: its choices where there are any, else its patterns. */
function matcherField(target, commands) {
  const { name, kind, description, choices } = target;
  if (choices) return new Field({ name, description, default: "", choices: ["", ...choices] });
  const named = name === "command" || name === "method" ? commands.map((each) => [each, ""]) : [];
  const type = kind === "fields" ? "dict" : named.length ? "words" : "lines";
  return new Field({ name, type, description, placeholder: PLACEHOLDERS[kind] ?? "" }, named);
}

/**
 * A form for one rule.  `apply(rule, how)` is asked for "replace", "add" or "save", and
 * without a rule where the user gives up changing one.
 */
export class RuleForm {
  constructor(form, apply) {
    this.form = form;
    this.apply = apply;
    this.behaviors = {};
    this.protocol = null;
    this.options = new Map();
    this.targets = new Map();
    this.fields = new Map();
    this.follow = () => {};
    this.select = make("select", { id: "behavior", change: () => this.choose(this.select.value) });
    this.about = make("p", { class: "about", id: "behavior-about" });
    this.several = 0;
    this.place = make("div", { class: "parts" });
    this.message = make("p", { class: "reason whole", role: "alert", hidden: true });
    this.buttons = make("p", { class: "actions" });
    this.title = make("h3", {}, "Set a behavior");
    form.append(
      this.title,
      make("div", { class: "field" }, make("label", { class: "label", for: "behavior" }, "Behavior"), this.select, this.about),
      this.place, this.message, this.buttons);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(event.submitter?.value ?? this.first);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      if (event.key === "Escape" && this.editing) apply(null, "cancel");
    });
    this.edit(null);
  }

  /** The fields of a rule beside its behavior, options and targets, as the service declares them. */
  declare(fields) {
    const shown = fields.filter(({ name }) => name !== "when");
    this.fields = new Map(shown.map((spec) => [spec.name, new Field(spec)]));
    this.slider();
  }

  /** Percentages are mostly tried out: they have a slider beside the number. */
  slider() {
    const { input, element } = this.fields.get("percent");
    const slider = make("input", { type: "range", min: 0, max: 100, step: 1, value: 100, "aria-label": "percent", tabindex: -1 });
    slider.addEventListener("input", () => {
      input.value = slider.value;
      input.dispatchEvent(new Event("input"));
    });
    const follow = () => { slider.value = input.value === "" ? 100 : input.value; };
    input.addEventListener("input", follow);
    this.follow = follow;
    element.classList.add("percent");
    element.querySelector(".control").prepend(slider);
  }

  /** What there is to choose from: behaviors by name, and the protocol's declarations. */
  offer(behaviors, protocol) {
    const chosen = this.select.value;
    this.behaviors = behaviors;
    this.protocol = protocol;
    this.select.replaceChildren(...Object.keys(behaviors).map((name) => make("option", {}, name)));
    this.choose(chosen in behaviors ? chosen : "delay" in behaviors ? "delay" : this.select.value);
  }

  /** Show the options of one behavior. */
  choose(name) {
    const declared = this.behaviors[name];
    if (!declared) return;
    this.select.value = name;
    write(this.about, declared.description);
    const errors = (this.protocol?.errors ?? []).map(({ code, message }) => [code, message]);
    this.options = new Map(declared.options.map((spec) =>
      [spec.name, new Field(spec, spec.name === "code" ? errors : [])]));
    const kept = readAll(this.targets);
    this.targets = new Map((this.protocol?.targets ?? []).map((target) =>
      [target.name, matcherField(target, this.protocol.commands ?? [])]));
    for (const [target, pattern] of Object.entries(kept)) this.targets.get(target)?.write(pattern);
    const options = [...this.options.values()];
    const limits = [...this.fields.values()].slice(1);
    const rest = options.slice(SHOWN);
    this.place.replaceChildren(
      make("div", { class: "fields" }, ...options.slice(0, SHOWN).map((field) => field.element)),
      ...(rest.length ? [folded(`More options (${rest.length})`, rest)] : []),
      this.fields.get("percent").element,
      ...(this.targets.size ? [folded("Only for some requests", [...this.targets.values()])] : []),
      folded("When and how often", limits));
    this.unfold();
    this.refuse("");
  }

  /** Write a rule anew: one in force, or `null` for another. */
  edit(rule) {
    this.editing = rule !== null;
    for (const group of [this.options, this.fields, this.targets]) {
      for (const field of group.values()) field.reset();
    }
    if (rule) {
      this.choose(rule.behavior);
      for (const [name, value] of Object.entries(rule.options ?? {})) this.options.get(name)?.write(value);
      for (const [name, value] of Object.entries(rule.when ?? {})) this.targets.get(name)?.write(value);
      for (const [name, field] of this.fields) if (rule[name] !== undefined) field.write(rule[name]);
    }
    this.follow();
    this.unfold();
    this.refuse("");
    write(this.title, rule ? `Change this rule: ${rule.behavior}` : "Set a behavior");
    this.offerButtons(this.several);
    if (rule) this.form.querySelector("input, select")?.focus();
  }

  /** Open what holds more than defaults: nothing may be in a rule that cannot be seen. */
  unfold() {
    for (const fold of this.place.querySelectorAll("details")) {
      const held = [this.options, this.targets, this.fields].flatMap((group) => [...group.values()])
        .filter((field) => fold.contains(field.element));
      fold.open = held.some((field) => field.says);
    }
  }

  /** `several`: how many rules are in force, which applying one replaces or joins. */
  offerButtons(several) {
    this.several = several;
    const words = this.editing
      ? [["save", "Save"], ["cancel", "Cancel"]]
      : several ? [["replace", several > 1 ? `Replace all ${several}` : "Replace"], ["add", "Add"]]
        : [["replace", "Apply"]];
    this.first = words[0][0];
    if (this.buttons.dataset.shown === JSON.stringify(words)) return;
    this.buttons.dataset.shown = JSON.stringify(words);
    this.buttons.replaceChildren(...words.map(([value, text], index) =>
      make("button", { value, class: index ? "" : "main" }, text)));
  }

  /** The rule as it is written. */
  read() {
    const rule = { behavior: this.select.value, ...readAll(this.fields) };
    const options = readAll(this.options);
    const when = readAll(this.targets);
    if (Object.keys(options).length) rule.options = options;
    if (Object.keys(when).length) rule.when = when;
    return rule;
  }

  async submit(how) {
    this.refuse("");
    this.form.setAttribute("aria-busy", "true");
    try {
      await this.apply(how === "cancel" ? null : this.read(), how);
    } finally {
      this.form.removeAttribute("aria-busy");
    }
  }

  /** Show the service's reason, at the field that it names if there is one. */
  refuse(why, name = "") {
    this.message.hidden = true;
    for (const group of [this.options, this.fields, this.targets]) {
      for (const field of group.values()) field.clear();
    }
    if (!why) return;
    const target = name === "when" ? /when '([^']+)'/.exec(why)?.[1] : "";
    const field = this.options.get(name) ?? this.fields.get(name) ?? this.targets.get(target);
    if (field) return void field.refuse(why);
    write(this.message, why);
    this.message.hidden = false;
  }
}
