/** Payloads of layers, that came with a view or are fetched once: an address stands for one content for ever. */

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
  private readonly came = new Map<string, string>();

  /** Take what came with a view, also with one that is never drawn: it will not come again. */
  take(payloads: Readonly<Record<string, string>>): void {
    for (const [address, json] of Object.entries(payloads)) this.came.set(address, json);
  }

  /** The contents of all layers; fails when one cannot be had. What no layer needs any more is forgotten. */
  async of(layers: readonly Layer[]): Promise<Map<string, Content>> {
    const needed = new Set(layers.flatMap((layer) => [layer.place, layer.look]));
    for (const known of [this.held, this.came]) for (const address of known.keys()) if (!needed.has(address)) known.delete(address);
    return new Map(await Promise.all(layers.map(async (layer) => [layer.id, await this.content(layer)] as const)));
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
      const json = this.came.get(address);
      this.came.delete(address);
      promise = (json === undefined ? load<Packed>(address) : Promise.resolve(JSON.parse(json) as Packed)).then(unpack);
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
