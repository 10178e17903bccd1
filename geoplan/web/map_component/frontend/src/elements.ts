/** Small pieces of a page. Texts become text nodes, never HTML: names come from files. */

import { svg } from "./symbols";

export interface Attributes {
  [name: string]: string;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Write a text line by line; lines that stay as they are are left alone, so that only the others are read aloud. */
export function writeLines(into: HTMLElement, text: string): void {
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    const there = into.children[at] ?? into.appendChild(element("div"));
    if (there.textContent !== line) there.textContent = line;
  });
  while (into.children.length > lines.length) into.lastElementChild?.remove();
}

export function hasSize(node: HTMLElement): boolean {
  return node.clientWidth > 0 && node.clientHeight > 0;
}

/** Wait until an element takes room on the page, or is no longer wanted. */
export async function sized(node: HTMLElement, unwanted: AbortSignal): Promise<void> {
  if (hasSize(node) || unwanted.aborted) return;
  await new Promise<void>((resolve) => {
    const watch = new ResizeObserver(() => hasSize(node) && done());
    const done = (): void => {
      watch.disconnect();
      resolve();
    };
    watch.observe(node);
    unwanted.addEventListener("abort", done, { once: true });
  });
}

// Outlines on a field of 24 by 24.
const ICONS = {
  point: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 7.5v5M9.5 10h5",
  polygon: "M5 8l8-4 7 6-3 9H7z",
  line: "M4 19l5-9 6 5 5-11",
  barrier: "M4 9h16v5H4zM7 14v6M17 14v6M8 14l4-5M13 14l4-5",
  move: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  edit: "M6 6h12v12H6zM4.5 4.5h3v3h-3zM16.500 4.5h3v3h-3zM4.500 16.500h3v3h-3zM16.500 16.500h3v3h-3z",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  measure: "M3 15L15 3l6 6L9 21zM7 11l2.500 2.500M10 8l2 2M13 5l2.500 2.500",
  undo: "M9 6L4 11l5 5M4 11h10a5.500 5.500 0 0 1 0 11h-3",
  redo: "M15 6l5 5-5 5M20 11H10a5.500 5.500 0 0 0 0 11h3",
  home: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  layers: "M12 3l9 5-9 5-9-5zM3 12.500l9 5 9-5M3 16.500l9 5 9-5",
  close: "M6 6l12 12M18 6L6 18",
  search: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500L21 21",
} as const;

export type Icon = keyof typeof ICONS;

export function icon(name: Icon): SVGElement {
  const picture = svg("svg", { viewBox: "0 0 24 24", width: 18, height: 18, "aria-hidden": "true", class: "gpm-icon" });
  picture.append(svg("path", { d: ICONS[name] }));
  return picture;
}

/** A button with a picture; its label stands beside the picture, or is told to screen readers and shown on hover only. */
export function button(name: Icon, label: string, act: (event: MouseEvent) => void, options: { text?: boolean; keys?: string } = {}): HTMLButtonElement {
  const title = options.keys ? `${label} (${options.keys})` : label;
  const made = element("button", { type: "button", class: "gpm-button", title, "aria-label": title }, icon(name));
  if (options.text) made.append(element("span", { class: "gpm-word" }, label));
  made.addEventListener("click", act);
  return made;
}
