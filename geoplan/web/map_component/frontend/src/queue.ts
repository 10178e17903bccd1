/** The events that Python has not acknowledged yet, in order. */

import type { Acknowledged, Deed, MapEvent, Message } from "./protocol";

/**
 * A message that was not answered in this time may be lost; Python drops what it has had already. The time doubles with
 * every message that brings no answer: each of them makes Streamlit begin its run again, and a long one would never end.
 */
export const LOST_AFTER_MS = 2000;

export class EventQueue {
  private waiting: MapEvent[] = [];
  private last = 0;
  private session = "";
  private sentUnder = "";
  private sentAt = 0;
  private patience = LOST_AFTER_MS;

  constructor(
    readonly client: string,
    private readonly now: () => number,
  ) {}

  /** Add an event, made on a revision of what the view is about; its sequence number. */
  push(deed: Deed, revision: number, about: string): number {
    this.last += 1;
    this.waiting.push({ ...deed, sequence: this.last, revision, about });
    return this.last;
  }

  /** Add events that another client did not tell, as they are. */
  takeOver(events: MapEvent[]): void {
    for (const event of events) this.waiting.push({ ...event, sequence: (this.last += 1) });
  }

  /** All that is to be sent now. */
  message(): Message {
    this.sentAt = this.now();
    this.sentUnder = this.session;
    return { client: this.client, session: this.session, events: [...this.waiting] };
  }

  /** Take note of what Python has had; in how many milliseconds the rest counts as lost, never where nothing waits. */
  acknowledge(acknowledged: Acknowledged): number {
    this.session = acknowledged.session;
    if (acknowledged.client === this.client) {
      const before = this.waiting.length;
      this.waiting = this.waiting.filter((event) => event.sequence > acknowledged.sequence);
      if (this.waiting.length < before) this.patience = LOST_AFTER_MS;
    }
    if (this.waiting.length === 0) return Infinity;
    return this.session === this.sentUnder ? Math.max(0, this.sentAt + this.patience - this.now()) : 0;
  }

  /** All that is to be sent again. */
  again(): Message {
    this.patience *= 2;
    return this.message();
  }

  /** The events that wait, in order. */
  get events(): MapEvent[] {
    return [...this.waiting];
  }

  /** How many events wait. */
  get length(): number {
    return this.waiting.length;
  }

  /** Whether Python has had the event of that number. */
  has(sequence: number): boolean {
    return !this.waiting.some((event) => event.sequence === sequence);
  }
}

/** A name for this page that no other has; `crypto.randomUUID` is missing where an intranet serves plain http. */
export function clientName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}
