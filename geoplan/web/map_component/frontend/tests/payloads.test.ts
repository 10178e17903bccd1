import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Payloads } from "../src/payloads";
import type { Layer } from "../src/protocol";

const place = { ids: ["A"], names: ["甲"], coordinates: "", offsets: [], anchors: "", sizes: "" };
const look = (note: string) => ({ classes: "AA==", notes: [note] });
const layer = (address: string): Layer => ({ id: "homes", place: "/place", look: address }) as Layer;
let asked: string[];
let payloads: Payloads;

beforeEach(() => {
  asked = [];
  payloads = new Payloads();
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    return Promise.resolve({ ok: true, json: () => Promise.resolve(address === "/place" ? place : look(`fetched ${address}`)) });
  });
});

afterEach(() => vi.unstubAllGlobals());

const notes = async (address: string) => (await payloads.of([layer(address)])).get("homes")?.look.notes;

test("what came with a view is not asked for", async () => {
  payloads.take({ "/one": JSON.stringify(look("came")), "/place": JSON.stringify(place) });
  expect([await notes("/one"), asked]).toEqual([["came"], []]);
});

test("what came with a view that was never drawn serves the next", async () => {
  payloads.take({ "/one": JSON.stringify(look("came")) });
  payloads.take({});
  expect([await notes("/one"), asked]).toEqual([["came"], ["/place"]]);
});

test("what did not come is fetched, and once", async () => {
  for (const _turn of [1, 2]) expect(await notes("/one")).toEqual(["fetched /one"]);
  expect(asked).toEqual(["/place", "/one"]);
});

test("what no layer needs any more is forgotten", async () => {
  payloads.take({ "/one": JSON.stringify(look("came")), "/two": JSON.stringify(look("came")) });
  await notes("/three");
  expect([await notes("/one"), await notes("/two")]).toEqual([["fetched /one"], ["fetched /two"]]);
});
