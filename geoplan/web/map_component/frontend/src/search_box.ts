/** The box that finds features by name: a combobox with its list of matches. */

import { element, icon } from "./elements";
import { find, type Found, type Named } from "./search";

const MOST = 8;

export class SearchBox {
  readonly element = element("div", { class: "gpm-search" });
  private readonly input = element("input", {
    ...{ type: "search", role: "combobox", autocomplete: "off", spellcheck: "false" },
    ...{ "aria-autocomplete": "list", "aria-controls": "gpm-found", "aria-expanded": "false" },
  });
  private readonly list = element("ul", { id: "gpm-found", role: "listbox" });
  private readonly nothing = element("div", { class: "gpm-none", role: "status" });
  private found: Found[] = [];
  private active = -1;
  private none = "";

  constructor(
    private readonly named: () => readonly Named[],
    private readonly titleOf: (layer: string) => string,
    private readonly chosen: (found: Found) => void,
  ) {
    this.element.append(icon("search"), this.input, this.list, this.nothing);
    this.element.hidden = true; // until it has a name
    this.list.hidden = true;
    this.input.addEventListener("input", () => this.search());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.search());
    this.input.addEventListener("blur", () => this.close());
  }

  show(texts: Record<string, string>): void {
    this.element.hidden = false;
    this.input.placeholder = texts["search"] ?? "";
    this.input.setAttribute("aria-label", texts["search"] ?? "");
    this.list.setAttribute("aria-label", texts["search"] ?? "");
    this.none = texts["not_found"] ?? "";
  }

  private search(): void {
    this.found = find(this.input.value, this.named(), MOST);
    this.active = this.found.length ? 0 : -1;
    const nothing = this.input.value.trim() && !this.found.length;
    this.nothing.textContent = nothing ? this.none : "";
    this.list.replaceChildren(...this.found.map((one, at) => this.option(one, at)));
    this.list.hidden = !this.list.childElementCount;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
  }

  private option(found: Found, at: number): HTMLElement {
    const layer = element("span", { class: "gpm-of" }, this.titleOf(found.layer));
    const made = element("li", { role: "option", id: `gpm-found-${at}` }, element("span", {}, found.name), layer);
    made.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // keeps the focus, which would close the list before the click
      this.choose(at);
    });
    return made;
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) this.active = (this.active + step + this.found.length) % this.found.length;
    else if (event.key === "Enter") this.choose(this.active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    this.mark();
  }

  private mark(): void {
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.active)));
    this.input.setAttribute("aria-activedescendant", this.active < 0 ? "" : `gpm-found-${this.active}`);
  }

  private choose(at: number): void {
    const found = this.found[at];
    if (!found) return;
    this.input.value = found.name;
    this.close();
    this.chosen(found);
  }

  private close(): void {
    this.nothing.textContent = "";
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}
