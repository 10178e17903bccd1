/** What this browser tab remembers about a map: where it looked, which layers were switched. */

import type { LonLat } from "./protocol";

export interface Remembered {
  view?: { center: LonLat; zoom: number };
  shown?: Record<string, boolean>;
}

export class Memory {
  private readonly key: string;
  private held: Remembered;

  constructor(place: string) {
    this.key = `geoplan-map ${place}`;
    this.held = read(this.key);
  }

  get remembered(): Remembered {
    return this.held;
  }

  note(change: Remembered): void {
    this.held = { ...this.held, ...change };
    try {
      sessionStorage.setItem(this.key, JSON.stringify(this.held));
    } catch {
      // Storage may be switched off or full: then the map starts at home the next time.
    }
  }
}

function read(key: string): Remembered {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "{}") as Remembered;
  } catch {
    return {};
  }
}
