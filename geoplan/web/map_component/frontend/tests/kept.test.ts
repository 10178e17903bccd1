import { beforeEach, describe, expect, it, vi } from "vitest";
import { keep, takeOver } from "../src/kept";
import type { MapEvent } from "../src/protocol";

const event = (sequence: number, type: "undo" | "refresh" = "undo"): MapEvent => ({ type, sequence, revision: 1, about: "plan" });
const sequences = (events: MapEvent[]) => events.map(({ origin }) => origin);

/** What a browser has for a page, as far as it is used here: the keys are properties. */
function storage(broken: boolean): object {
  const refuse = () => {
    throw new Error("switched off");
  };
  const methods = {
    getItem: broken ? refuse : (name: string) => (made as Record<string, string>)[name] ?? null,
    setItem: broken ? refuse : (name: string, text: string) => void ((made as Record<string, string>)[name] = text),
    removeItem: broken ? refuse : (name: string) => void delete (made as Record<string, string>)[name],
  };
  const made = Object.create(methods) as object;
  return made;
}

describe.each([false, true])("what is kept, storage broken: %s", (broken) => {
  beforeEach(() => void vi.stubGlobal("localStorage", storage(broken)));

  it("is taken over once, with its origin, by another client of the same place", () => {
    keep("a", "/county", "plan", [event(1), event(2, "refresh"), event(3)]);
    expect(takeOver("a", "/county", "plan")).toEqual([]);
    expect(takeOver("b", "/elsewhere", "plan")).toEqual([]);
    expect(sequences(takeOver("b", "/county", "other"))).toEqual([["a", 1], ["a", 3]]);
    expect(takeOver("b", "/county", "plan")).toEqual([]);
  });

  it("keeps its first origin when it is taken over again", () => {
    keep("b", "/county", "plan", [{ ...event(5), origin: ["a", 1] }]);
    expect(sequences(takeOver("c", "/county", "plan"))).toEqual([["a", 1]]);
  });

  it("is forgotten when nothing waits any more", () => {
    keep("a", "/county", "plan", [event(1)]);
    keep("a", "/county", "plan", []);
    expect(takeOver("b", "/county", "plan")).toEqual([]);
  });

  it("waits for the same where it was made on no scenario", () => {
    keep("a", "/county", "", [event(1)]);
    expect(takeOver("b", "/county", "plan")).toEqual([]);
    expect(takeOver("b", "/county", "").length).toBe(1);
  });
});
