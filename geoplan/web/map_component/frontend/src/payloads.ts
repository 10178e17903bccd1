/** Payloads of layers, fetched once: an address stands for one content for ever. */

import { bytes, places, type Places } from "./geometry";
import type { Layer, LookPayload, PlacePayload } from "./protocol";

export interface Look {
  classes: Uint8Array;
  notes: string[];
}

/** What a layer is drawn from. */
export interface Content {
  places: Places;
  look: Look;
}

export class Payloads {
  private readonly held = new Map<string, Promise<unknown>>();

  /** The contents of all layers; fails when one cannot be had, and forgets what no layer needs any more. */
  async of(layers: readonly Layer[]): Promise<Map<string, Content>> {
    const found = await Promise.all(layers.map(async (layer) => [layer.id, await this.content(layer)] as const));
    const needed = new Set(layers.flatMap((layer) => [layer.place, layer.look]));
    for (const address of [...this.held.keys()]) if (!needed.has(address)) this.held.delete(address);
    return new Map(found);
  }

  private async content(layer: Layer): Promise<Content> {
    const [where, look] = await Promise.all([
      this.get(layer.place, (payload: PlacePayload) => places(payload)),
      this.get(layer.look, (payload: LookPayload): Look => ({ classes: bytes(payload.classes), notes: payload.notes })),
    ]);
    return { places: where, look };
  }

  private get<Packed, Unpacked>(address: string, unpack: (payload: Packed) => Unpacked): Promise<Unpacked> {
    let promise = this.held.get(address) as Promise<Unpacked> | undefined;
    if (!promise) {
      promise = load<Packed>(address).then(unpack);
      promise.catch(() => this.held.delete(address));
      this.held.set(address, promise);
    }
    return promise;
  }
}

/** What lies under an address. */
export async function load<Packed>(address: string): Promise<Packed> {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status} ${address}`);
  return (await response.json()) as Packed;
}
