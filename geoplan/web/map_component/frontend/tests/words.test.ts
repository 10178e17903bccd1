import { describe, expect, it } from "vitest";
import { count, distance, fill, place } from "../src/format";
import { legend } from "../src/legend";
import type { Layer, Style } from "../src/protocol";
import { find } from "../src/search";
import { outline, path } from "../src/symbols";

const texts = { metres: "{value} 米", kilometres: "{value} 公里" };

describe("figures", () => {
  it("gives metres up to a kilometre and then kilometres", () => {
    expect(distance(849.6, "zh-CN", texts)).toBe("850 米");
    expect(distance(999.4, "zh-CN", texts)).toBe("999 米");
    expect(distance(999.6, "zh-CN", texts)).toBe("1.00 公里");
    expect(distance(12345, "zh-CN", texts)).toBe("12.35 公里");
  });

  it("sets thousands apart and leaves unknown places of a text alone", () => {
    expect(count(100000, "zh-CN")).toBe("100,000");
    expect(fill("{a} 与 {b}", { a: "1" })).toBe("1 与 {b}");
    expect(place([112.970508, 22.8])).toBe("112.97051, 22.80000");
  });
});

describe("the legend", () => {
  const style = (label: string): Style => ({ label, fill: "", opacity: 1, line: "", width: 1, dash: "", symbol: "circle", radius: 3 });
  const layer = (id: string, background = false): Layer => ({
    ...{ id, title: id, kind: "dots", place: "", look: "", styles: [style("x"), style("y"), style("z")], shown: true },
    ...{ background, editable: false, labelled: false, min_zoom: 0, glances: "" },
  });

  it("lists the layers from the top down without the background, and only classes that occur", () => {
    const groups = legend([layer("roads", true), layer("low"), layer("high")], () => new Uint8Array([2, 0, 2, 255]));
    expect(groups.map((group) => group.id)).toEqual(["high", "low"]);
    expect(groups[0]?.entries.map((entry) => [entry.style.label, entry.count])).toEqual([
      ["x", 1],
      ["z", 2],
    ]);
  });
});

describe("the search", () => {
  const layers = [
    { layer: "a", names: ["新龙口村", "龙口镇敬老院", "龙口", "<b>Long</b>"] },
    { layer: "b", names: ["龙口"] },
  ];

  it("puts the same name first, then beginnings, then the rest, and keeps to the limit", () => {
    expect(find("龙口", layers, 9).map((found) => found.name)).toEqual(["龙口", "龙口", "龙口镇敬老院", "新龙口村"]);
    expect(find(" 龙口 ", layers, 2).map((found) => found.layer)).toEqual(["a", "b"]);
  });

  it("does not mind the case, and finds nothing for a blank", () => {
    expect(find("<B>lo", layers, 9)).toEqual([{ layer: "a", place: 3, name: "<b>Long</b>" }]);
    expect(find("  ", layers, 9)).toEqual([]);
  });
});

describe("symbols", () => {
  it("have the corners that their names promise", () => {
    const corners = (["square", "triangle", "pentagon", "hexagon", "star", "plus"] as const).map((name) => outline(name, 1).length);
    expect(corners).toEqual([4, 3, 5, 6, 10, 12]);
    expect(path("circle", 2)).toBe("M-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z");
    expect(path("diamond", 4)).toBe("M0.00 -5.00L5.00 0.00L0.00 5.00L-5.00 0.00Z");
  });
});
