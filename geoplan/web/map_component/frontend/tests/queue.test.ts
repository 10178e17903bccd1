import { describe, expect, it } from "vitest";
import { clientName, EventQueue, LOST_AFTER_MS } from "../src/queue";

const ack = (sequence: number, session = "s", client = "me") => ({ session, client, sequence });

function queue() {
  let time = 0;
  const made = new EventQueue("me", () => time);
  made.acknowledge(ack(0));
  return { made, pass: (ms: number) => (time += ms) };
}

describe("the queue of events", () => {
  it("sends every event that was not acknowledged, in order and numbered", () => {
    const { made } = queue();
    made.push({ type: "undo" }, 3, "plan");
    made.message();
    made.push({ type: "redo" }, 4, "plan");
    expect(made.message()).toEqual({
      client: "me",
      session: "s",
      events: [
        { type: "undo", sequence: 1, revision: 3, about: "plan" },
        { type: "redo", sequence: 2, revision: 4, about: "plan" },
      ],
    });
  });

  it("drops what was acknowledged and keeps what came later", () => {
    const { made } = queue();
    for (let turn = 0; turn < 3; turn += 1) made.push({ type: "undo" }, 0, "plan");
    made.message();
    made.acknowledge(ack(2));
    expect(made.message().events.map((event) => event.sequence)).toEqual([3]);
    expect([made.has(2), made.has(3), made.length]).toEqual([true, false, 1]);
  });

  it("numbers what it takes over anew and keeps what else it says", () => {
    const { made } = queue();
    made.push({ type: "undo" }, 3, "plan");
    made.takeOver([{ type: "redo", sequence: 7, revision: 2, about: "other", origin: ["gone", 7] }]);
    expect(made.events[1]).toEqual({ type: "redo", sequence: 2, revision: 2, about: "other", origin: ["gone", 7] });
  });

  it("ignores an acknowledgement that is another page's", () => {
    const { made } = queue();
    made.push({ type: "undo" }, 0, "plan");
    made.message();
    made.acknowledge(ack(9, "s", "you"));
    expect(made.length).toBe(1);
  });

  it("waits while a message is under way and calls it lost after a time", () => {
    const { made, pass } = queue();
    made.push({ type: "undo" }, 0, "plan");
    made.message();
    expect(made.acknowledge(ack(0))).toBe(LOST_AFTER_MS);
    pass(LOST_AFTER_MS - 1);
    expect(made.acknowledge(ack(0))).toBe(1);
    pass(2);
    expect(made.acknowledge(ack(0))).toBe(0);
  });

  it("waits twice as long after each message in vain, and as before after an answer", () => {
    const { made, pass } = queue();
    made.push({ type: "undo" }, 0, "plan");
    made.push({ type: "redo" }, 0, "plan");
    made.message();
    for (const times of [2, 4, 8]) {
      made.again();
      expect(made.acknowledge(ack(0))).toBe(times * LOST_AFTER_MS);
      pass(times * LOST_AFTER_MS);
    }
    made.again();
    expect(made.acknowledge(ack(1))).toBe(LOST_AFTER_MS);
  });

  it("sends again at once when the server does not know this session", () => {
    const { made } = queue();
    made.push({ type: "undo" }, 0, "plan");
    made.message();
    expect(made.acknowledge(ack(0, "after a restart"))).toBe(0);
  });

  it("sends nothing again when all was acknowledged", () => {
    const { made, pass } = queue();
    made.push({ type: "undo" }, 0, "plan");
    made.message();
    pass(LOST_AFTER_MS + 1);
    expect(made.acknowledge(ack(1, "another"))).toBe(Infinity);
  });

  it("gives each page another name", () => {
    expect(clientName()).toMatch(/^[0-9a-f]{32}$/);
    expect(clientName()).not.toBe(clientName());
  });
});
