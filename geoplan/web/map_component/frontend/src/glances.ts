/** What is seen while a feature is pointed at: asked for once the pointer rests there, and kept for the next time. */

import { places, type Nested } from "./geometry";
import { load } from "./payloads";
import type { GlancePayload, Style } from "./protocol";

export const REST_MS = 150; // a pointer that only passes asks for nothing
const MOST = 300; // that are kept

export interface Glance {
  shapes: Nested[];
  styles: Style[];
  note: string;
}

export class Glances {
  private readonly kept = new Map<string, Glance>();
  private address = "";
  private resting: ReturnType<typeof setTimeout> | undefined;

  /** `show` is given what to show, and nothing when the pointer has gone. */
  constructor(private readonly show: (glance: Glance | undefined) => void) {}

  /** The pointer is over the feature of that address; a blank one has nothing to show. */
  over(address: string): void {
    if (address === this.address) return;
    this.out();
    this.address = address;
    const known = this.kept.get(address);
    if (known) this.show(known);
    else if (address) this.resting = setTimeout(() => void this.fetch(address), REST_MS);
  }

  /** The pointer has gone. */
  out(): void {
    clearTimeout(this.resting);
    if (this.address) this.show(undefined);
    this.address = "";
  }

  private async fetch(address: string): Promise<void> {
    try {
      const payload = await load<GlancePayload>(address);
      this.keep(address, { shapes: places(payload.places).shapes, styles: payload.styles, note: payload.note });
    } catch {
      return; // the name and the figures stand there all the same; the next time it is asked for again
    }
    const glance = this.kept.get(address);
    if (this.address === address) this.show(glance);
  }

  private keep(address: string, glance: Glance): void {
    this.kept.set(address, glance);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST && oldest !== undefined) this.kept.delete(oldest);
  }
}
