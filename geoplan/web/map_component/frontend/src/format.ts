/** Figures as people read them. */

import type { LonLat } from "./protocol";

/** Put values into the `{places}` of a text. */
export function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

/** A count with its thousands apart. */
export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}

/** A distance: whole metres below one kilometre, else kilometres with two decimals. */
export function distance(metres: number, language: string, texts: Record<string, string>): string {
  if (Math.round(metres) < 1000) return fill(texts["metres"] ?? "", { value: count(Math.round(metres), language) });
  const kilometres = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return fill(texts["kilometres"] ?? "", { value: kilometres.format(metres / 1000) });
}

/** A place in degrees with five decimals, about a metre. */
export function place([lon, lat]: LonLat): string {
  return `${lon.toFixed(5)}, ${lat.toFixed(5)}`;
}
