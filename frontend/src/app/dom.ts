// Small hands for building pages. Text goes in as text; nothing here turns a string into markup.

export type Child = Node | string | null | false | undefined;
type Value = string | number | boolean | null | undefined | ((event: Event) => void);

const SVG = "http://www.w3.org/2000/svg";

// `el("button", { type: "submit", class: "button", click: send }, "Send")`: functions become listeners, `true` an
// attribute without a value; what is false, null or undefined is left out.
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  put(element, ...children);
  return element;
}

export function put(parent: Element, ...children: Child[]): void {
  parent.append(
    ...children.filter((child): child is Node | string => child !== null && child !== false && child !== undefined),
  );
}

export function svg(tag: string, attributes: Record<string, string | number>, ...children: Element[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

// One of the icons that stand in the page.
export function icon(name: string): SVGElement {
  const attributes = { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" };
  return svg("svg", attributes, svg("use", { href: `#icon-${name}` }));
}

export function alert(tone: "good" | "bad" | "wait" | "info", ...children: Child[]): HTMLElement {
  const sign = { good: "good", bad: "warning", wait: "warning", info: "info" }[tone];
  return el("div", { class: `alert ${tone}` }, icon(sign), el("div", {}, ...children));
}

export function button(label: string, classes: string, sign: string, click: (event: Event) => void): HTMLButtonElement {
  return el("button", { type: "button", class: `button ${classes}`, click }, sign && icon(sign), el("span", {}, label));
}

let fields = 0;

export interface Field {
  readonly whole: HTMLElement;
  readonly input: HTMLInputElement;
  complain(problem: string): void;
}

// A labeled line to type into, with its hint, and a place for what is wrong with it.
export function field(label: string, attributes: Record<string, Value>, hint = ""): Field {
  const id = `field-${++fields}`;
  const input = el("input", { id, autocomplete: "off", spellcheck: "false", autocapitalize: "off", ...attributes });
  const wrong = el("p", { class: "error", id: `${id}-error`, hidden: true });
  const hints = hint && el("p", { class: "hint", id: `${id}-hint` }, hint);
  const described = hint ? `${id}-hint` : "";
  if (described) input.setAttribute("aria-describedby", described);
  const complain = (problem: string): void => {
    wrong.hidden = !problem;
    wrong.replaceChildren(icon("warning"), el("span", {}, problem));
    input.toggleAttribute("aria-invalid", false);
    if (problem) input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", problem ? `${id}-error ${described}`.trim() : described);
    if (problem) input.focus();
  };
  input.addEventListener("input", () => !wrong.hidden && complain(""));
  return {
    whole: el("div", { class: "field" }, el("label", { for: id }, label), input, hints, wrong),
    input,
    complain,
  };
}

// Says something to who cannot see it; the same words twice are said twice.
export function say(words: string): void {
  const place = document.getElementById("said");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = words));
}

// A question above the page: keeps the keyboard inside and gives the focus back.
export function ask(title: string, ...children: Child[]): HTMLDialogElement {
  const heading = el("h2", { id: `asked-${++fields}` }, title);
  const dialog = el("dialog", { class: "ask", "aria-labelledby": heading.id }, heading, ...children);
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement !== document.body) return;
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    else document.getElementById("content")?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function focusOn(element: HTMLElement): void {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}
