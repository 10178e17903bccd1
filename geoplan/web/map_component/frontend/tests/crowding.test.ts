import { describe, expect, it } from "vitest";
import { fitting, weighed } from "../src/crowding";

const room = (x: number, y: number, width = 60) => ({ x, y, width, height: 18 });

describe("names on the map", () => {
  it("shows no name over another: the one of greater weight stays", () => {
    expect(fitting([room(0, 0), room(30, 5), room(100, 0)])).toEqual([true, false, true]);
  });

  it("lets a name that was left out take nobody's room", () => {
    expect(fitting([room(0, 0), room(40, 0), room(80, 0)])).toEqual([true, false, true]);
  });

  it("shows names side by side and one below another", () => {
    expect(fitting([room(0, 0), room(63, 0), room(0, 18)])).toEqual([true, true, true]);
  });

  it("weighs places by the box around them", () => {
    const square = (size: number) => [[[0, 0], [size, 0], [size, size], [0, 0]]] as [number, number][][];
    expect(weighed({ shapes: [square(1), square(3), square(2)] })).toEqual([1, 2, 0]);
  });
});
