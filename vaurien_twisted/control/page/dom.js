// Elements, made without markup: text from the service is only ever text.

/** The element with this id, which the page must have. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * An element.  Of `attributes`, functions are listeners ("click"), true and false are
 * set or left out, undefined is left out.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Write text where it differs: a write that changes nothing still costs layout. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Tell users of screen readers what was done. */
export function say(text) {
  write(byId("said"), text);
}
