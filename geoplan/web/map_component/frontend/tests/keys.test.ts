import { describe, expect, it } from "vitest";
import { actOf, type Situation } from "../src/keys";

const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const press = (key: string, situation: Partial<Situation> = {}, held: Partial<typeof plain> = {}) =>
  actOf({ key, ...plain, ...held }, { mode: "look", draws: undefined, carries: false, on: "map", ...situation });

describe("keys", () => {
  it("undo with Ctrl+Z and redo with Ctrl+Y and Ctrl+Shift+Z, wherever the focus is, and leave other chords to the browser", () => {
    for (const on of ["map", "feature", "beside"] as const) {
      expect(press("z", { on }, { ctrlKey: true })).toBe("back");
      expect(press("Y", { on }, { metaKey: true })).toBe("redo");
      expect(press("Z", { on }, { ctrlKey: true, shiftKey: true })).toBe("redo");
    }
    expect(press("a", {}, { ctrlKey: true })).toBeUndefined();
    expect(press("z", {}, { ctrlKey: true, altKey: true })).toBeUndefined();
  });

  it("put points with the space bar and end lines and areas with Enter, on the map only", () => {
    expect(press(" ", { mode: "site", draws: "point" })).toBe("middle");
    expect(press(" ", { mode: "link", draws: "line", on: "feature" })).toBe("middle");
    expect(press("Enter", { mode: "link", draws: "line" })).toBe("finish");
    expect(press("Enter", { mode: "site", draws: "point" })).toBeUndefined();
    for (const key of [" ", "Enter"]) expect(press(key, { mode: "link", draws: "line", on: "beside" })).toBeUndefined();
  });

  it("ask about the middle of the map where nothing else is going on, and press what stands on it", () => {
    expect(press(" ")).toBe("middle");
    expect(press(" ", { on: "feature" })).toBeUndefined();
    expect(press(" ", { mode: "delete" })).toBeUndefined();
  });

  it("put down what is carried, and lay down a tool with Escape", () => {
    expect(press(" ", { mode: "move" })).toBeUndefined();
    expect(press(" ", { mode: "move", carries: true })).toBe("middle");
    expect(press("Escape", { mode: "move", on: "beside" })).toBe("lay_down");
    expect(press("Escape")).toBeUndefined();
  });
});
