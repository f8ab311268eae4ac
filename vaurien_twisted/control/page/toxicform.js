// The dialog that adds a toxic, or changes one: a fault with a name, for the bytes of connections.

import { call, proxyPath } from "./api.js";
import { byId, make, write } from "./dom.js";
import { Field, readAll } from "./forms.js";
import { addToxic } from "./restore.js";
import { toast } from "./toast.js";

const OWN = ["type", "attributes"]; // fields that the dialog shows in its own way
const FIXED = ["name", "stream", "for", "lease"]; // what of a toxic cannot be changed

/** The dialog; `done()` is called when other toxics are in force. */
export class ToxicForm {
  constructor(done) {
    this.done = done;
    this.dialog = byId("toxic-dialog");
    this.type = byId("toxic-type");
    this.behaviors = {};
    this.declared = [];
    this.attributes = new Map();
    this.fields = new Map();
    this.type.addEventListener("change", () => this.choose(this.type.value));
    byId("toxic-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    byId("toxic-cancel").addEventListener("click", () => this.dialog.close());
  }

  /** What there is to choose from, as the service declares it. */
  declare(behaviors, fields) {
    this.behaviors = behaviors;
    this.declared = fields.filter(({ name }) => !OWN.includes(name));
    this.type.replaceChildren(...Object.keys(behaviors).map((name) => make("option", {}, name)));
  }

  /** Show the dialog for a new toxic of a proxy, or to change `toxic`. */
  open(proxy, toxic = null) {
    if (this.dialog.open || !proxy || !this.declared.length) return;
    this.proxy = proxy.name;
    this.toxic = toxic;
    const shown = this.declared.filter(({ name }) => !toxic || !FIXED.includes(name));
    this.fields = new Map(shown.map((spec) => [spec.name, new Field(spec)]));
    byId("toxic-fields").replaceChildren(...[...this.fields.values()].map(({ element }) => element));
    this.type.disabled = toxic !== null;
    this.choose(toxic?.type ?? ("latency" in this.behaviors ? "latency" : this.type.value));
    if (toxic) {
      for (const [name, value] of Object.entries(toxic.attributes)) this.attributes.get(name)?.write(value);
      for (const [name, field] of this.fields) if (toxic[name] !== undefined) field.write(toxic[name]);
    }
    write(byId("toxic-title"), toxic ? `Change ${toxic.name}` : `New toxic on ${proxy.name}`);
    write(byId("toxic-save"), toxic ? "Save" : "Add");
    this.refuse("");
    this.dialog.showModal();
    (toxic ? this.attributes.values().next().value?.input ?? this.type : this.type).focus();
  }

  /** Show the options of one behavior. */
  choose(name) {
    const declared = this.behaviors[name];
    if (!declared) return;
    this.type.value = name;
    write(byId("toxic-about"), declared.description);
    // The direction is the toxic's stream.
    const options = declared.options.filter((spec) => spec.name !== "direction");
    this.attributes = new Map(options.map((spec) => [spec.name, new Field(spec)]));
    byId("toxic-attributes").replaceChildren(...[...this.attributes.values()].map(({ element }) => element));
  }

  async submit() {
    this.refuse("");
    const told = { ...readAll(this.fields), attributes: readAll(this.attributes) };
    const { proxy, toxic } = this;
    const path = (name) => proxyPath(proxy, `toxics/${encodeURIComponent(name)}`);
    try {
      const now = toxic ? await call("POST", path(toxic.name), told)
        : await addToxic(proxy, { ...told, type: this.type.value });
      this.dialog.close();
      await this.done();
      toast(`${now.name} is in force on ${proxy}`, async () => {
        if (toxic) await call("POST", path(toxic.name), { attributes: toxic.attributes, toxicity: toxic.toxicity });
        else await call("DELETE", path(now.name));
        await this.done();
        return toxic ? `${now.name} is as it was` : `${now.name} is removed`;
      });
    } catch (error) {
      this.refuse(error.message);
    }
  }

  /** Show the service's reason, at the field that it begins with if there is one. */
  refuse(why) {
    const words = why.replace(/^(?:bad|invalid) request body: /, "");
    const name = /^(\w+):/.exec(words)?.[1];
    const field = this.attributes.get(name) ?? this.fields.get(name);
    for (const each of [...this.attributes.values(), ...this.fields.values()]) each.clear();
    const place = byId("toxic-reason");
    write(place, field ? "" : why);
    place.hidden = !why || Boolean(field);
    field?.refuse(words.slice(name.length + 2));
  }
}
