// The dialog that creates a proxy, made of the fields that the service declares.

import { call, get } from "./api.js";
import { byId, make, say, write } from "./dom.js";
import { Field, readAll } from "./forms.js";

/** The dialog; `created(name)` is called when there is another proxy. */
export class ProxyForm {
  constructor(created) {
    this.created = created;
    this.dialog = byId("proxy-dialog");
    this.fields = new Map();
    byId("proxy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.create();
    });
    byId("proxy-cancel").addEventListener("click", () => this.dialog.close());
  }

  /** Ask what a proxy can have, and show the dialog. */
  async open() {
    if (this.dialog.open) return;
    let schema, wires;
    try {
      [schema, wires] = await Promise.all([get("schema"), get("protocols")]);
    } catch (error) {
      say(`no new proxy: ${error.message}`);
      return;
    }
    const choices = { protocol: ["", ...Object.keys(wires.protocols)] };
    this.fields = new Map(schema.proxy.map((spec) =>
      [spec.name, new Field({ ...spec, choices: choices[spec.name] ?? spec.choices })]));
    byId("proxy-fields").replaceChildren(...[...this.fields.values()].map(({ element }) => element));
    this.refuse("");
    this.dialog.showModal();
    this.fields.values().next().value?.input.focus();
  }

  async create() {
    let proxy;
    this.refuse("");
    try {
      proxy = await call("POST", "proxies", readAll(this.fields));
    } catch (error) {
      this.refuse(error.message);
      return;
    }
    this.dialog.close();
    say(`the proxy ${proxy.name} listens on ${proxy.listen}`);
    this.created(proxy.name);
  }

  /** Show the service's reason, at the field that it begins with if there is one. */
  refuse(why) {
    const words = why.replace("bad request body: ", "");
    const name = /^(?:missing required field: )?(\w+)(?::|$)/.exec(words)?.[1];
    const field = this.fields.get(name);
    for (const each of this.fields.values()) each.clear();
    const place = byId("proxy-reason");
    write(place, field ? "" : why);
    place.hidden = !why || Boolean(field);
    field?.refuse(words.startsWith(`${name}: `) ? words.slice(name.length + 2) : words);
  }
}
