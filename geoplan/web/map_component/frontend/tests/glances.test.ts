import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Glances, REST_MS, type Glance } from "../src/glances";

const payload = (note: string) => ({ places: { ids: [], names: [], coordinates: "", offsets: [], anchors: "", sizes: "" }, styles: [], note });
let asked: string[];
let shown: (string | undefined)[];
let glances: Glances;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  shown = [];
  glances = new Glances((glance: Glance | undefined) => shown.push(glance?.note));
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    return Promise.resolve({ ok: address !== "/gone", status: 404, json: () => Promise.resolve(payload(address)) });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a pointer that only passes asks for nothing", async () => {
  glances.over("/a");
  await vi.advanceTimersByTimeAsync(REST_MS - 1);
  glances.over("/b");
  glances.out();
  await vi.advanceTimersByTimeAsync(10 * REST_MS);
  expect(asked).toEqual([]);
});

test("one that rests asks once, and the next time it is there at once", async () => {
  glances.over("/a");
  await vi.advanceTimersByTimeAsync(REST_MS);
  glances.out();
  glances.over("/a");
  expect([asked, shown]).toEqual([["/a"], ["/a", undefined, "/a"]]);
});

test("an answer that comes when the pointer has gone on is kept and not shown", async () => {
  glances.over("/a");
  vi.advanceTimersByTime(REST_MS);
  glances.over("/b");
  await vi.advanceTimersByTimeAsync(REST_MS);
  expect(shown.filter(Boolean)).toEqual(["/b"]);
  glances.over("/a");
  expect([asked, shown.at(-1)]).toEqual([["/a", "/b"], "/a"]);
});

test("what could not be had is asked for again", async () => {
  for (const _turn of [1, 2]) {
    glances.over("/gone");
    await vi.advanceTimersByTimeAsync(REST_MS);
    glances.out();
  }
  expect(asked).toEqual(["/gone", "/gone"]);
  expect(shown.filter(Boolean)).toEqual([]);
});
