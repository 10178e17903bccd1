/**
 * Stamping small pictures into a large one, pixel by pixel: for very many it is far faster than a canvas's own way.
 * A pixel is one number, red in its lowest byte and opacity in its highest, as a canvas keeps it on every machine of today.
 */

export interface Picture {
  width: number;
  height: number;
  pixels: Uint32Array;
}

/** The pixels of a small picture that are not empty, by where they lie from its middle. */
export interface Stamp {
  dx: Int16Array;
  dy: Int16Array;
  pixels: Uint32Array;
  reach: number;
}

/** A part of a picture in whole pixels; right and bottom lie just outside. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A stamp from a square picture. */
export function stamp({ width, height, pixels }: Picture): Stamp {
  const full = [...pixels.keys()].filter((place) => (pixels[place] as number) >>> 24 > 0);
  const reach = Math.ceil(Math.max(width, height) / 2);
  return {
    dx: Int16Array.from(full, (place) => (place % width) - (width >> 1)),
    dy: Int16Array.from(full, (place) => Math.floor(place / width) - (height >> 1)),
    pixels: Uint32Array.from(full, (place) => pixels[place] as number),
    reach,
  };
}

/** The whole of a picture. */
export function whole({ width, height }: Picture): Box {
  return { left: 0, top: 0, right: width, bottom: height };
}

/** Make a part of a picture empty. */
export function clear({ width, pixels }: Picture, { left, top, right, bottom }: Box): void {
  for (let row = top; row < bottom; row += 1) pixels.fill(0, row * width + left, row * width + right);
}

/** Lay a stamp over a picture with its middle on the pixel that holds (x, y); what lies outside of the box is cut off. */
export function blit(onto: Picture, { dx, dy, pixels, reach }: Stamp, x: number, y: number, box: Box): void {
  const [middle, line] = [Math.floor(x), Math.floor(y)];
  const inside = middle >= box.left + reach && line >= box.top + reach && middle < box.right - reach && line < box.bottom - reach;
  for (let place = 0; place < pixels.length; place += 1) {
    const column = middle + (dx[place] as number);
    const row = line + (dy[place] as number);
    if (!inside && (column < box.left || row < box.top || column >= box.right || row >= box.bottom)) continue;
    const target = row * onto.width + column;
    onto.pixels[target] = over(onto.pixels[target] as number, pixels[place] as number);
  }
}

/** One pixel over another (Porter and Duff's "over"). */
function over(below: number, above: number): number {
  const opacity = above >>> 24;
  const under = below >>> 24;
  if (opacity === 255 || under === 0) return above;
  const kept = (under * (255 - opacity)) / 255;
  const whole = opacity + kept;
  const red = ((above & 255) * opacity + (below & 255) * kept) / whole;
  const green = (((above >>> 8) & 255) * opacity + ((below >>> 8) & 255) * kept) / whole;
  const blue = (((above >>> 16) & 255) * opacity + ((below >>> 16) & 255) * kept) / whole;
  return ((Math.round(whole) << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}
