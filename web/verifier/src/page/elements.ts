// SPDX-License-Identifier: Apache-2.0
/** Elements of the page. Text always goes in as text: nothing of a file is ever read as markup. */

export type Child = Node | string | null;
type Properties = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (`true` is an empty one, `false` none) and `on…` listeners. */
export function element(name: string, properties: Properties, ...children: Child[]): HTMLElement {
  return fill(document.createElement(name), properties, children);
}

export function svg(name: string, properties: Properties, ...children: Child[]): SVGElement {
  return fill(document.createElementNS(SVG, name) as SVGElement, properties, children);
}

function fill<T extends Element>(made: T, properties: Properties, children: Child[]): T {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((each) => each !== null));
  return made;
}
