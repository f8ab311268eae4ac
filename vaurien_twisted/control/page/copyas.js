// The dialog that shows what is in force in several forms, to be copied.

import { get, hasToken, proxyPath, serviceURL } from "./api.js";
import { FORMS, shortened } from "./copytext.js";
import { byId, make, write } from "./dom.js";
import { toast } from "./toast.js";

/** The dialog. */
export class CopyAs {
  constructor() {
    this.dialog = byId("copy-dialog");
    this.text = byId("copy-text");
    this.chosen = 0;
    this.proxy = null;
    this.behaviors = {};
    byId("copy-forms").append(...FORMS.map(([title], place) => make("label", {},
      make("input", { type: "radio", name: "copy-form", value: place, checked: !place, change: () => this.choose(place) }),
      make("span", {}, title))));
    byId("copy-button").addEventListener("click", () => this.copy());
  }

  /** Show what is in force on a proxy. */
  async open(proxy, behaviors) {
    if (this.dialog.open || !proxy) return;
    try {
      // With what a proxy has beside its rules: its addresses may have been changed.
      const { rules } = await get(proxyPath(proxy.name, "rules"));
      this.proxy = shortened({ ...proxy, rules }, behaviors);
    } catch (error) {
      toast(`Nothing to copy: ${error.message}`);
      return;
    }
    const { rules, toxics } = this.proxy;
    const own = proxy.own?.length ? " Rules of single connections are left out: they end with the connection." : "";
    write(byId("copy-note"), (rules.length || toxics.length ? "" : "Nothing is in force: everything passes unchanged.") + own);
    this.choose(this.chosen);
    this.dialog.showModal();
  }

  choose(place) {
    this.chosen = place;
    const [, how, form] = FORMS[place];
    write(byId("copy-how"), how);
    write(this.text, form(this.proxy, { url: serviceURL, token: hasToken() }));
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text.textContent);
      write(byId("copy-said"), "Copied.");
    } catch {
      // Without leave, or not over HTTPS: the text is selected to be copied by hand.
      getSelection().selectAllChildren(this.text);
      write(byId("copy-said"), "Press Ctrl C to copy the selected text.");
    }
    setTimeout(() => write(byId("copy-said"), ""), 4000);
  }
}
