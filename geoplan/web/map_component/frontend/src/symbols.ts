/** The shapes that stand for kinds of things, the same in marks, dots and legend. */

import type { SymbolName } from "./protocol";

type Corner = [number, number];

const SVG = "http://www.w3.org/2000/svg";

/** Corners on a circle, the first at the top; with `inner` every second one lies nearer the middle. */
function ring(corners: number, turn = 0, inner = 1): Corner[] {
  return Array.from({ length: corners }, (_unused, corner) => {
    const angle = (2 * Math.PI * (corner + turn)) / corners - Math.PI / 2;
    const radius = corner % 2 ? inner : 1;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  });
}

const PLUS: Corner[] = [
  [-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35],
  [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35],
]; // prettier-ignore

function turned([x, y]: Corner): Corner {
  return [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2];
}

// Enlarged so that all look equally big beside the circle.
const CORNERS: Record<Exclude<SymbolName, "circle">, [Corner[], number]> = {
  square: [ring(4, 0.5), 1.25],
  diamond: [ring(4), 1.25],
  triangle: [ring(3), 1.35],
  pentagon: [ring(5), 1.15],
  hexagon: [ring(6), 1.1],
  star: [ring(10, 0, 0.48), 1.4],
  plus: [PLUS, 1.05],
  cross: [PLUS.map(turned), 1.1],
};

/** The outline of a symbol around (0, 0): corners, or nothing for the circle. */
export function outline(symbol: SymbolName, radius: number): Corner[] {
  if (symbol === "circle") return [];
  const [corners, scale] = CORNERS[symbol];
  return corners.map(([x, y]) => [x * radius * scale, y * radius * scale]);
}

/** The symbol as an SVG path. */
export function path(symbol: SymbolName, radius: number): string {
  if (symbol === "circle") return `M${-radius} 0a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
  return `M${outline(symbol, radius).map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}Z`;
}

export function svg(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
