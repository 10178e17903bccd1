import { describe, expect, it } from "vitest";
import { featureChanges, layerChanges, orderChanged } from "../src/diff";
import type { Layer, Style } from "../src/protocol";

const style: Style = { label: "a", fill: "#fff", opacity: 1, line: "#000", width: 1, dash: "", symbol: "circle", radius: 4 };

function layer(id: string, other: Partial<Layer> = {}): Layer {
  const base = { id, title: id, kind: "areas" as const, place: "p", look: "l", styles: [style], shown: true };
  return { ...base, background: false, editable: false, labelled: false, min_zoom: 0, glances: "", ...other };
}

describe("what changed between two views", () => {
  it("names the layers that are new and those that are gone", () => {
    const { gone, changed } = layerChanges([layer("a"), layer("b")], [layer("b"), layer("c")]);
    expect(gone).toEqual(["a"]);
    expect([...changed]).toEqual([
      ["b", "none"],
      ["c", "new"],
    ]);
  });

  it("tells places from classes, classes from words, and sees that nothing changed", () => {
    const changeOf = (other: Partial<Layer>) => layerChanges([layer("a")], [layer("a", other)]).changed.get("a");
    expect(changeOf({ place: "q", look: "m" })).toBe("place");
    expect(changeOf({ editable: true })).toBe("place");
    expect(changeOf({ look: "m" })).toBe("look");
    expect(changeOf({ styles: [{ ...style, fill: "#eee" }] })).toBe("look");
    expect(changeOf({ title: "b" })).toBe("head");
    expect(changeOf({})).toBe("none");
  });

  it("sees another order", () => {
    expect(orderChanged([layer("a"), layer("b")], [layer("b"), layer("a")])).toBe(true);
    expect(orderChanged([layer("a"), layer("b")], [layer("a"), layer("b")])).toBe(false);
  });

  it("sorts features into added, kept and gone", () => {
    expect(featureChanges(["a", "b"], ["b", "c"])).toEqual({ added: ["c"], kept: ["b"], gone: ["a"] });
  });
});
