// The dialog that creates a proxy, or points one elsewhere, made of the fields that the service declares.

import { call, get } from "./api.js";
import { byId, write } from "./dom.js";
import { Field, readAll } from "./forms.js";
import { toast } from "./toast.js";

// What can be changed of a proxy that is there.
const CHANGEABLE = ["listen", "upstream"];

/** The dialog; `done(name)` is called when there is another proxy, or one has changed. */
export class ProxyForm {
  constructor(done) {
    this.done = done;
    this.dialog = byId("proxy-dialog");
    this.fields = new Map();
    this.proxy = null;
    byId("proxy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    byId("proxy-cancel").addEventListener("click", () => this.dialog.close());
  }

  /** Show the dialog for a new proxy, or to change `proxy`. */
  async open(proxy = null) {
    if (this.dialog.open) return;
    let schema, wires;
    try {
      [schema, wires] = await Promise.all([get("schema"), get("protocols")]);
    } catch (error) {
      toast(`No form: ${error.message}`);
      return;
    }
    this.proxy = proxy;
    const choices = { protocol: ["", ...Object.keys(wires.protocols)] };
    const shown = proxy ? schema.proxy.filter(({ name }) => CHANGEABLE.includes(name)) : schema.proxy;
    this.fields = new Map(shown.map((spec) =>
      [spec.name, new Field({ ...spec, choices: choices[spec.name] ?? spec.choices })]));
    if (proxy) for (const [name, field] of this.fields) field.write(proxy[name]);
    write(byId("proxy-title"), proxy ? `Point ${proxy.name} elsewhere` : "New proxy");
    write(byId("proxy-save"), proxy ? "Save" : "Create");
    byId("proxy-note").hidden = !proxy;
    byId("proxy-fields").replaceChildren(...[...this.fields.values()].map(({ element }) => element));
    this.refuse("");
    this.dialog.showModal();
    const first = this.fields.get(proxy ? "upstream" : "name") ?? this.fields.values().next().value;
    first.input.focus();
    if (proxy) first.input.select();
  }

  async submit() {
    this.refuse("");
    const told = readAll(this.fields);
    const before = this.proxy;
    try {
      const proxy = before ? await this.change(before, told) : await call("POST", "proxies", told);
      this.dialog.close();
      await this.done(proxy.name);
      this.say(before, proxy);
    } catch (error) {
      this.refuse(error.message);
    }
  }

  change(proxy, told) {
    const other = Object.entries(told).filter(([name, value]) => value !== proxy[name]);
    return call("POST", `proxies/${encodeURIComponent(proxy.name)}`, Object.fromEntries(other));
  }

  say(before, proxy) {
    const way = `${proxy.listen} → ${proxy.upstream}`;
    if (!before) return toast(`${proxy.name} listens on ${proxy.listen}`);
    return toast(`${proxy.name}: ${way}`, async () => {
      await this.change(proxy, { listen: before.listen, upstream: before.upstream });
      await this.done(proxy.name);
      return `${proxy.name}: ${before.listen} → ${before.upstream} again`;
    });
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
