import { describe, expect, it } from "vitest";
import { stamp, whole, type Picture } from "../src/blit";
import { changed, paint, type Scatter } from "../src/scatter";

const [WIDTH, HEIGHT, DOTS, KINDS, EDGE] = [90, 70, 400, 4, 6];

/** Numbers that look random and are the same every time (Park and Miller's generator). */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

function picture(): Picture {
  return { width: WIDTH, height: HEIGHT, pixels: new Uint32Array(WIDTH * HEIGHT) };
}

/** Half transparent squares of several sizes, some of them beyond the picture's edge, some of a class that is not drawn. */
function scatter(next: () => number): Scatter {
  const sizes = Array.from({ length: DOTS }, () => 1 + 2 * Math.floor(next() * EDGE));
  const colours = Array.from({ length: KINDS }, () => (0x80000000 + Math.floor(next() * 0xffffff)) >>> 0);
  return {
    at: Float64Array.from({ length: 2 * DOTS }, (_unused, place) => next() * 120 - 15 - (place % 2 ? 10 : 0)),
    classes: Uint8Array.from({ length: DOTS }, () => Math.floor(next() * (KINDS + 1))),
    kinds: KINDS,
    edge: EDGE,
    stampOf: (dot, kind) => {
      const side = sizes[dot] as number;
      return stamp({ width: side, height: side, pixels: new Uint32Array(side * side).fill(colours[kind] as number) });
    },
  };
}

describe("dots that look otherwise than before", () => {
  it("give the same picture whether all of it is painted or the part that changes", () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const next = random(seed);
      const dots = scatter(next);
      const [part, all] = [picture(), picture()];
      paint(part, dots, whole(part));
      const before = dots.classes;
      const others = new Set(Array.from({ length: 1 + (seed % 5) }, () => Math.floor(next() * DOTS)));
      dots.classes = before.map((kind, dot) => (others.has(dot) ? (kind + 1) % (KINDS + 1) : kind));
      const box = changed(part, dots, before);
      if (box) paint(part, dots, box);
      paint(all, dots, whole(all));
      expect(part.pixels).toEqual(all.pixels);
    }
  });

  it("touch no more of the picture than they reach", () => {
    const dots = scatter(random(3));
    dots.at.set([40, 30]);
    const before = dots.classes;
    dots.classes = before.map((kind, dot) => (dot === 0 ? (kind + 1) % KINDS : kind));
    expect(changed(picture(), dots, before)).toEqual({ left: 34, top: 24, right: 46, bottom: 36 });
  });

  it("change nothing where they are the same or out of sight", () => {
    const dots = scatter(random(4));
    expect(changed(picture(), dots, dots.classes.slice())).toBeUndefined();
    dots.at.set([-50, 30]);
    const before = dots.classes.map((kind, dot) => (dot === 0 ? kind + 1 : kind));
    expect(changed(picture(), dots, before)).toBeUndefined();
  });
});
