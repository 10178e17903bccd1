/** The layer switch, which is the legend too: what stands in it, without any drawing. */

import type { Layer, Style } from "./protocol";

export interface Entry {
  style: Style;
  count: number;
}

export interface Group {
  id: string;
  title: string;
  kind: Layer["kind"];
  entries: Entry[];
}

/** The layers from the top down, each with the classes that occur in it; the background explains itself. */
export function legend(layers: readonly Layer[], classesOf: (layer: Layer) => Uint8Array): Group[] {
  return layers
    .filter((layer) => !layer.background)
    .map((layer) => ({ id: layer.id, title: layer.title, kind: layer.kind, entries: entries(layer.styles, classesOf(layer)) }))
    .reverse();
}

function entries(styles: readonly Style[], classes: Uint8Array): Entry[] {
  const counts = new Array<number>(256).fill(0);
  for (const one of classes) counts[one] = (counts[one] ?? 0) + 1;
  return styles.map((style, place) => ({ style, count: counts[place] ?? 0 })).filter((entry) => entry.count > 0);
}
