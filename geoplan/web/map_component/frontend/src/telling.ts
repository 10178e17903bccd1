/** Tells Python what the planner does until Python has had it, and keeps it for the next map where this one goes first. */

import { isEdit, keep, takeOver } from "./kept";
import type { Deed, Message, View } from "./protocol";
import { clientName, EventQueue } from "./queue";

const SAVING_MS = 1500; // an edit that was not heard of for this long is told to be under way

export class Telling {
  private readonly queue = new EventQueue(clientName(), () => Date.now());
  private latest: View | undefined;
  private sending = false;
  private resending: ReturnType<typeof setTimeout> | undefined;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private slow = false;

  /** @param changed called when the number of events that wait may be another, or it became long or ceased to be. */
  constructor(public send: (message: Message) => void, private readonly changed: () => void) {}

  /** How many events wait for an answer. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Whether an edit waits longer than usual. */
  get isSlow(): boolean {
    return this.slow;
  }

  /** Whether Python has had the event of that number. */
  has(sequence: number): boolean {
    return this.queue.has(sequence);
  }

  /** Queue an event that was made on a view and send it with all others that wait, once per turn: Streamlit keeps only the last value of a turn. */
  tell(deed: Deed, on: View | undefined): number {
    const sequence = this.queue.push(deed, on?.revision ?? 0, on?.about ?? "");
    this.keepWaiting();
    if (!this.sending) setTimeout(() => this.flush());
    this.sending = true;
    return sequence;
  }

  /** Take note of what a view acknowledges, and of what other maps did not come to tell. */
  heard(view: View): void {
    const { place, about, keeps_events } = view;
    const goesOn = this.latest?.place === place && this.latest.about === about;
    if (keeps_events && !goesOn) this.queue.takeOver(takeOver(this.queue.client, place, about));
    this.latest = view;
    this.sendAgainIn(this.queue.acknowledge(view.acknowledged));
    this.keepWaiting();
  }

  close(): void {
    clearTimeout(this.resending);
    clearTimeout(this.saving);
  }

  private flush(): void {
    this.sending = false;
    clearTimeout(this.resending);
    this.send(this.queue.message());
  }

  /** Streamlit may drop a message for a run that something else asks for, and then nothing but time tells. */
  private sendAgainIn(milliseconds: number): void {
    clearTimeout(this.resending);
    if (milliseconds < Infinity) this.resending = setTimeout(() => this.send(this.queue.again()), milliseconds);
  }

  private keepWaiting(): void {
    const { client, events } = this.queue;
    if (this.latest?.keeps_events) keep(client, this.latest.place, this.latest.about, events);
    if (events.some(isEdit)) this.saving ??= setTimeout(() => this.becomes(true), SAVING_MS);
    else this.becomes(false);
  }

  private becomes(slow: boolean): void {
    if (!slow) {
      clearTimeout(this.saving);
      this.saving = undefined;
    }
    this.slow = slow;
    this.changed();
  }
}
