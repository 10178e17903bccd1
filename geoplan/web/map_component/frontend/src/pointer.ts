/** What the map is told of the pointer: also what Leaflet leaves out, and not what a browser tells too much. */

const AGAIN_MS = 50; // Leaflet looks at a pointer about thirty times a second

interface Place {
  clientX: number;
  clientY: number;
}

export class Pointer {
  private at: Place | undefined;
  private untold = false; // something came or went under the pointer while it rested
  private moving: ReturnType<typeof setTimeout> | undefined;

  /** `keyboardLeads` says whether a feature is reached by keyboard, `left` is called when what is pointed at may be another. */
  constructor(
    private readonly frame: HTMLElement,
    private readonly keyboardLeads: () => boolean,
    private readonly left: () => void,
    signal: AbortSignal,
  ) {
    const types = ["mouseover", "mouseout", "mousemove"] as const;
    for (const type of types) frame.addEventListener(type, (event) => this.heard(event), { signal, capture: true }); // Leaflet tells of none while it zooms
    frame.addEventListener("mouseleave", () => (this.at = undefined), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.moving));
  }

  /** The map has moved under a pointer that rests. */
  mapMoved(): void {
    clearTimeout(this.moving);
    this.moving = setTimeout(() => this.at && !this.keyboardLeads() && this.tell(this.at), AGAIN_MS);
  }

  /**
   * A browser tells of a pointer that rests too, when something comes or goes under it. That takes nothing from a feature that is
   * reached by keyboard; it is told once the pointer moves.
   */
  private heard(event: MouseEvent): void {
    if (!event.isTrusted) return; // told by ourselves
    const { clientX, clientY } = event;
    if (clientX === this.at?.clientX && clientY === this.at.clientY) {
      if (!this.keyboardLeads()) return;
      event.stopPropagation();
      this.untold = true;
    } else if (event.type === "mousemove") {
      this.at = { clientX, clientY };
      if (this.untold) this.tell(this.at);
      this.untold = false;
    }
  }

  /** What the pointer points at now, as if it had come there. */
  private tell({ clientX, clientY }: Place): void {
    const under = document.elementFromPoint(clientX, clientY);
    if (!under || !this.frame.contains(under)) return;
    this.left();
    for (const type of ["mouseout", "mouseover", "mousemove"]) under.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX, clientY }));
  }
}
