import { describe, expect, it } from "vitest";
import { around, bounds, distance, length, packed, places, sameShape, world } from "../src/geometry";
import type { Nested } from "../src/geometry";

const base64 = (values: number[]) => btoa(String.fromCharCode(...new Uint8Array(new Int32Array(values).buffer)));

describe("coordinates", () => {
  it("unpacks points to the seventh decimal", () => {
    const payload = { ids: ["a"], names: ["A"], coordinates: base64([1129705076, 227998670]), offsets: [], anchors: "", sizes: "" };
    expect(places(payload).shapes).toEqual([[112.9705076, 22.799867]]);
  });

  it("nests rings in polygons and polygons in features", () => {
    const ring = [0, 0, 10, 0, 10, 10, 0, 0];
    const offsets = [base64([0, 4, 8, 12]), base64([0, 2, 3]), base64([0, 1, 2])];
    const shapes = places({ ids: [], names: [], coordinates: base64([...ring, ...ring, ...ring]), offsets, anchors: "", sizes: "" }).shapes;
    expect((shapes as Nested[][][]).map((feature) => feature.map((polygon) => polygon.length))).toEqual([[2], [1]]);
  });

  it("finds the box around shapes and around boxes", () => {
    expect(bounds([[[1, 5], [3, 2]], [[2, 9]]] as Nested)).toEqual([1, 2, 3, 9]);
    expect(around([[0, 0, 1, 1], [-2, 3, 0, 4]])).toEqual([-2, 0, 1, 4]);
    expect(around([])).toBeNull();
  });

  it("takes shapes for the same when they differ below the last packed digit or in closing the ring", () => {
    expect(sameShape([1, 2], [1 + 1e-9, 2])).toBe(true);
    expect(sameShape([1, 2], [1 + 1e-6, 2])).toBe(false);
    expect(sameShape([[[0, 0], [1, 0], [1, 1], [0, 0]]], [[[0, 0], [1, 0], [1, 1]]])).toBe(true);
    expect(sameShape([[[0, 0], [1, 0], [1, 1]]], [[[0, 0], [1, 1], [1, 0]]])).toBe(false);
  });

  it("rounds what it sends as Python packs it", () => {
    expect(packed({ type: "LineString", coordinates: [[1.23456789, 2], [3, 4.00000004]] }).coordinates).toEqual([[1.2345679, 2], [3, 4]]);
  });

  it("measures a degree of the equator and of a meridian as the mean sphere has it", () => {
    const degree = (2 * Math.PI * 6371008.8) / 360;
    expect(distance([0, 0], [1, 0])).toBeCloseTo(degree, 6);
    expect(distance([112, 22], [112, 23])).toBeCloseTo(degree, 6);
    expect(length([[0, 0], [1, 0], [1, 1]])).toBeCloseTo(2 * degree, 6);
    expect(length([[5, 5]])).toBe(0);
  });

  it("puts the middle of the world in the middle and the north above", () => {
    expect(world([0, 0])).toEqual([0.5, 0.5]);
    expect(world([180, 85.0511287798066])[0]).toBe(1);
    expect(world([180, 85.0511287798066])[1]).toBeCloseTo(0, 12);
  });
});
