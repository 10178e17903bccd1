import { describe, expect, it } from "vitest";
import { blit, stamp, whole, type Picture } from "../src/blit";

const RED = 0xff0000ff; // opacity, blue, green, red
const BLUE = 0xffff0000;

function picture(width: number, height: number, pixel = 0): Picture {
  return { width, height, pixels: new Uint32Array(width * height).fill(pixel) };
}

describe("stamping", () => {
  it("puts the middle of the stamp on the pixel that it is told", () => {
    const onto = picture(5, 5);
    blit(onto, stamp(picture(3, 3, RED)), 2.4, 2.9, whole(onto));
    const painted = [...onto.pixels.keys()].filter((place) => onto.pixels[place] === RED);
    expect(painted).toEqual([6, 7, 8, 11, 12, 13, 16, 17, 18]);
  });

  it("leaves out empty pixels", () => {
    const cross = picture(3, 3);
    for (const place of [1, 3, 4, 5, 7]) cross.pixels[place] = RED;
    expect(stamp(cross).pixels.length).toBe(5);
  });

  it("cuts off what lies outside, on every side", () => {
    const painted = (x: number, y: number) => {
      const onto = picture(4, 4);
      blit(onto, stamp(picture(3, 3, RED)), x, y, whole(onto));
      return onto.pixels.filter((pixel) => pixel === RED).length;
    };
    expect([painted(0, 0), painted(3, 3), painted(0, 3), painted(1.5, 1.5), painted(-9, 2), painted(2, 99)]).toEqual([4, 4, 4, 9, 0, 0]);
  });

  it("mixes half a colour over a full one, covers it with a full one, and takes the colour over nothing", () => {
    const mixed = (below: number, above: number) => {
      const onto = picture(1, 1, below);
      blit(onto, stamp(picture(1, 1, above)), 0, 0, whole(onto));
      return onto.pixels[0];
    };
    expect(mixed(BLUE, 0x800000ff)).toBe(0xff7f0080);
    expect(mixed(BLUE, RED)).toBe(RED);
    expect(mixed(0, 0x800000ff)).toBe(0x800000ff);
  });
});
