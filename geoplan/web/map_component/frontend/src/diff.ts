/** What changed from one view to the next, so that only that is fetched and drawn again. */

import type { Layer, Style } from "./protocol";

export type Change = "new" | "place" | "look" | "head" | "none";

/** Layers that are gone, and for each that is there the most that changed of it: its places, its classes, its head, nothing. */
export function layerChanges(before: readonly Layer[], after: readonly Layer[]): { gone: string[]; changed: Map<string, Change> } {
  const known = new Map(before.map((layer) => [layer.id, layer]));
  const kept = new Set(after.map((layer) => layer.id));
  return {
    gone: before.filter((layer) => !kept.has(layer.id)).map((layer) => layer.id),
    changed: new Map(after.map((layer) => [layer.id, change(known.get(layer.id), layer)])),
  };
}

function change(before: Layer | undefined, after: Layer): Change {
  if (!before) return "new";
  if (before.place !== after.place || before.kind !== after.kind || before.editable !== after.editable) return "place";
  if (before.look !== after.look || !sameStyles(before.styles, after.styles)) return "look";
  return JSON.stringify(before) === JSON.stringify(after) ? "none" : "head";
}

function sameStyles(before: readonly Style[], after: readonly Style[]): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

/** Whether the layers that both views have are in another order, or one was put between them. */
export function orderChanged(before: readonly Layer[], after: readonly Layer[]): boolean {
  return before.map((layer) => layer.id).join("\n") !== after.map((layer) => layer.id).join("\n");
}

/** Which features to add, to compare and to take away, by id. */
export function featureChanges(before: Iterable<string>, after: readonly string[]): { added: string[]; kept: string[]; gone: string[] } {
  const old = new Set(before);
  const now = new Set(after);
  return {
    added: after.filter((id) => !old.has(id)),
    kept: after.filter((id) => old.has(id)),
    gone: [...old].filter((id) => !now.has(id)),
  };
}
