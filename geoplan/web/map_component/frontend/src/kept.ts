/**
 * What Python has not had, kept in the browser until it has: when a page was reloaded, closed or crashed, the next map tells the rest.
 * Two maps may tell the same event; Python takes it once, by its origin.
 */

import type { MapEvent } from "./protocol";

interface Record {
  place: string;
  about: string;
  events: MapEvent[];
}

const PREFIX = "geoplan-events ";
const EDITS = new Set<MapEvent["type"]>(["drew", "moved", "edited", "deleted", "undo", "redo"]);
const page = new Map<string, string>(); // where the browser keeps nothing, what is kept lasts as long as the page

/** Keep the edits among a client's events; of none nothing is kept. */
export function keep(client: string, place: string, about: string, events: MapEvent[]): void {
  const edits = events.filter(isEdit);
  write(PREFIX + client, edits.length ? JSON.stringify({ place, about, events: edits } satisfies Record) : undefined);
}

/** The events of other clients that can be told here, each once; those made on a scenario tell it themselves, others must be told beside the same. */
export function takeOver(client: string, place: string, about: string): MapEvent[] {
  return names().flatMap((name) => {
    const found = name === PREFIX + client ? undefined : read(name);
    if (found?.place !== place || (found.about !== about && !found.about)) return [];
    write(name, undefined);
    return found.events.map((event) => ({ ...event, origin: event.origin ?? [name.slice(PREFIX.length), event.sequence] }) satisfies MapEvent);
  });
}

/** Whether an event changes a scenario. */
export function isEdit({ type }: MapEvent): boolean {
  return EDITS.has(type);
}

function names(): string[] {
  const found = [...page.keys()];
  try {
    found.push(...Object.keys(localStorage));
  } catch {
    // switched off
  }
  return [...new Set(found)].filter((name) => name.startsWith(PREFIX)).sort();
}

function read(name: string): Record | undefined {
  try {
    return JSON.parse(page.get(name) ?? localStorage.getItem(name) ?? "") as Record;
  } catch {
    return undefined;
  }
}

function write(name: string, text: string | undefined): void {
  page.delete(name);
  try {
    if (text === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
  } catch {
    if (text !== undefined) page.set(name, text); // switched off or full
  }
}
