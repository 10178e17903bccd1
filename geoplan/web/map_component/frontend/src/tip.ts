/** What is told of the feature that is pointed at. */

import { element } from "./elements";

const BESIDE_PX = 14;

export class Tip {
  readonly element = element("div", { class: "gpm-tip", role: "tooltip" });
  private readonly more = element("span", {});
  private at = { x: 0, y: 0 };

  constructor(private readonly frame: HTMLElement) {
    this.element.hidden = true;
  }

  show(name: string, note: string): void {
    this.element.replaceChildren(element("strong", {}, name), element("span", {}, note), this.more);
    this.element.hidden = !(name || note);
    this.put(this.at);
  }

  /** A further line; blank for none. */
  add(note: string): void {
    this.more.textContent = note;
    this.put(this.at);
  }

  hide(): void {
    this.element.hidden = true;
  }

  /** Beside a point of the frame, on the side where there is room. */
  put(at: { x: number; y: number }): void {
    this.at = at;
    if (this.element.hidden) return; // to ask for its size costs a layout of the page
    const { offsetWidth: wide, offsetHeight: high } = this.element;
    const left = beside(at.x, wide, this.frame.offsetWidth);
    this.element.style.transform = `translate(${left}px, ${beside(at.y, high, this.frame.offsetHeight)}px)`;
  }
}

function beside(at: number, size: number, room: number): number {
  return at + BESIDE_PX + size <= room ? at + BESIDE_PX : Math.max(0, at - BESIDE_PX - size);
}
