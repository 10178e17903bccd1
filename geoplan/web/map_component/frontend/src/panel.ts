/** The layer switch with the legend, at the right of the map. */

import { button, element } from "./elements";
import { count } from "./format";
import type { Entry, Group } from "./legend";
import { symbol } from "./marks";
import { path, svg } from "./symbols";
import type { Layer, Style } from "./protocol";

const FIELD = 18;

export class Panel {
  readonly element = element("section", { class: "gpm-panel" });
  private open = true;
  private shows = "";

  constructor(private readonly switched: (layer: string, on: boolean) => void) {}

  /** Build the list anew where it differs; the reader stays at the same switch and the same place of the list. */
  show(groups: Group[], isShown: (layer: string) => boolean, texts: Record<string, string>, language: string): void {
    const shows = JSON.stringify([groups, groups.map((group) => isShown(group.id)), texts["layers"], language]);
    if (shows === this.shows) return;
    this.shows = shows;
    const at = this.element.querySelector<HTMLElement>(".gpm-layers")?.scrollTop ?? 0;
    const focused = this.element.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["layer"] : undefined;
    this.build(groups, isShown, texts, language);
    if (at) this.element.querySelector<HTMLElement>(".gpm-layers")?.scrollTo(0, at);
    if (focused) this.element.querySelector<HTMLElement>(`[data-layer="${CSS.escape(focused)}"]`)?.focus();
  }

  private build(groups: Group[], isShown: (layer: string) => boolean, texts: Record<string, string>, language: string): void {
    const title = texts["layers"] ?? "";
    const list = element("div", { class: "gpm-layers", id: "gpm-layers" });
    list.hidden = !this.open;
    list.append(...groups.map((group) => this.group(group, isShown(group.id), language)));
    const fold = button("layers", title, () => this.fold(list, fold), { text: true });
    fold.setAttribute("aria-expanded", String(this.open));
    fold.setAttribute("aria-controls", "gpm-layers");
    this.element.setAttribute("aria-label", title);
    this.element.replaceChildren(fold, list);
  }

  private fold(list: HTMLElement, fold: HTMLElement): void {
    this.open = !this.open;
    list.hidden = !this.open;
    fold.setAttribute("aria-expanded", String(this.open));
  }

  private group(group: Group, shown: boolean, language: string): HTMLElement {
    const box = element("input", { type: "checkbox", "data-layer": group.id });
    box.checked = shown;
    const [only] = group.entries;
    const single = group.entries.length === 1 && only ? [swatch(only.style, group.kind)] : [];
    const head = element("label", {}, box, ...single, element("span", { class: "gpm-title" }, group.title));
    const several = group.entries.length > 1 ? [element("ul", {}, ...group.entries.map((entry) => line(entry, group.kind, language)))] : [];
    const made = element("div", { class: "gpm-layer" }, head, ...several);
    made.classList.toggle("gpm-off", !shown);
    box.addEventListener("change", () => {
      made.classList.toggle("gpm-off", !box.checked);
      this.switched(group.id, box.checked);
    });
    return made;
  }
}

function line(entry: Entry, kind: Layer["kind"], language: string): HTMLElement {
  const figure = element("span", { class: "gpm-count" }, count(entry.count, language));
  return element("li", {}, swatch(entry.style, kind), element("span", {}, entry.style.label), figure);
}

/** A class as it looks on the map. */
function swatch(style: Style, kind: Layer["kind"]): SVGElement {
  if (kind === "marks") return symbol(style, FIELD);
  const half = FIELD / 2;
  const picture = svg("svg", { viewBox: `${-half} ${-half} ${FIELD} ${FIELD}`, width: FIELD, height: FIELD, "aria-hidden": "true" });
  const stroke = { stroke: style.line, "stroke-width": Math.max(style.width, 1), "stroke-dasharray": style.dash };
  if (kind === "lines") picture.append(svg("path", { d: "M-8 0H8", fill: "none", ...stroke }));
  else if (kind === "areas") picture.append(svg("rect", { x: -8, y: -6, width: 16, height: 12, fill: style.fill, "fill-opacity": style.opacity, ...stroke }));
  else picture.append(svg("path", { d: path(style.symbol, Math.max(style.radius, 4)), fill: style.fill, "fill-opacity": style.opacity }));
  return picture;
}
