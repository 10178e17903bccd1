/** Dots scattered over a picture: painted whole, or only where some of them look otherwise than before. */

import { blit, clear, type Box, type Picture, type Stamp } from "./blit";

export interface Scatter {
  /** x and y of each dot in pixels of the picture, one after the other. */
  at: Float64Array;
  /** The class of each dot; dots of a class that is not drawn have one from `kinds` on. */
  classes: Uint8Array;
  /** How many classes are drawn, the later above the former. */
  kinds: number;
  /** How far from its middle a dot may reach, at most, in pixels. */
  edge: number;
  stampOf(dot: number, kind: number): Stamp;
}

/** Paint a part of a picture anew, as painting all of it would. */
export function paint(onto: Picture, { at, classes, kinds, edge, stampOf }: Scatter, box: Box): void {
  clear(onto, box);
  for (let kind = 0; kind < kinds; kind += 1) {
    for (let dot = 0; dot < classes.length; dot += 1) {
      if (classes[dot] !== kind) continue;
      const [x, y] = [at[2 * dot] as number, at[2 * dot + 1] as number];
      if (x < box.left - edge || y < box.top - edge || x > box.right + edge || y > box.bottom + edge) continue;
      blit(onto, stampOf(dot, kind), x, y, box);
    }
  }
}

/** The part of a picture that changes when dots that had other classes before get their own; nothing when none does. */
export function changed({ width, height }: Picture, { at, classes, edge }: Scatter, before: Uint8Array): Box | undefined {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let dot = 0; dot < classes.length; dot += 1) {
    if (classes[dot] === before[dot]) continue;
    const [x, y] = [at[2 * dot] as number, at[2 * dot + 1] as number];
    if (x < -edge || y < -edge || x > width + edge || y > height + edge) continue;
    box.left = Math.min(box.left, Math.max(0, Math.floor(x - edge)));
    box.top = Math.min(box.top, Math.max(0, Math.floor(y - edge)));
    box.right = Math.max(box.right, Math.min(width, Math.ceil(x + edge)));
    box.bottom = Math.max(box.bottom, Math.min(height, Math.ceil(y + edge)));
  }
  return box.left < box.right && box.top < box.bottom ? box : undefined;
}
