/** Coordinates: unpacking what Python packed, comparing, measuring. No Leaflet in here. */

import type { Bounds, Geometry, LonLat, PlacePayload } from "./protocol";

const DEGREE = 1e7; // places come in 1e-7 degrees, about a centimetre
const EARTH_M = 6371008.8; // mean radius, IUGG
const RADIAN = Math.PI / 180;

/** A point, or points nested as deep as the geometry: a line's points, a polygon's rings, several polygons. */
export type Nested = LonLat | Nested[];

/** The features of a layer. */
export interface Places {
  ids: string[];
  names: string[];
  shapes: Nested[];
  sizes: Uint8Array;
  anchors: LonLat[];
}

export function bytes(base64: string): Uint8Array {
  const text = atob(base64);
  const result = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) result[place] = text.charCodeAt(place);
  return result;
}

/** Unpack a payload; the arrays are little-endian 32-bit integers. */
export function places(payload: PlacePayload): Places {
  let shapes: Nested[] = unpacked(payload.coordinates);
  for (const packed of payload.offsets) {
    const offsets = new Int32Array(bytes(packed).buffer);
    const inner = shapes;
    shapes = Array.from({ length: offsets.length - 1 }, (_unused, at) => inner.slice(offsets[at], offsets[at + 1]));
  }
  return { ids: payload.ids, names: payload.names, shapes, sizes: bytes(payload.sizes), anchors: unpacked(payload.anchors) };
}

function unpacked(coordinates: string): LonLat[] {
  const flat = new Int32Array(bytes(coordinates).buffer);
  return Array.from({ length: flat.length / 2 }, (_unused, point) => [(flat[2 * point] ?? 0) / DEGREE, (flat[2 * point + 1] ?? 0) / DEGREE]);
}

function isPoint(shape: Nested): shape is LonLat {
  return typeof shape[0] === "number";
}

/** Every point of a shape, in order. */
export function* points(shape: Nested): Generator<LonLat> {
  if (isPoint(shape)) yield shape;
  else for (const part of shape) yield* points(part);
}

/** The box around a shape. */
export function bounds(shape: Nested): Bounds {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of points(shape)) {
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return box;
}

/** The box around boxes; nothing for none. */
export function around(boxes: readonly Bounds[]): Bounds | null {
  if (!boxes.length) return null;
  return bounds(boxes.flatMap(([west, south, east, north]): Nested[] => [[west, south], [east, north]]));
}

/** A number as Python packs it. */
export function rounded(degrees: number): number {
  return Math.round(degrees * DEGREE) / DEGREE;
}

/** Whether two shapes have the same points, to the digit that Python packs; a ring may or may not repeat its first point. */
export function sameShape(one: Nested, other: Nested): boolean {
  return signature(one) === signature(other);
}

function signature(shape: Nested): string {
  if (isPoint(shape)) return shape.map((degrees) => Math.round(degrees * DEGREE)).join(" ");
  const parts = shape.map(signature);
  if (parts.length > 1 && shape.every(isPoint) && parts[0] === parts[parts.length - 1]) parts.pop();
  return `(${parts.join(",")})`;
}

/** GeoJSON with coordinates as Python packs them, so that what comes back is what was sent. */
export function packed(geometry: Geometry): Geometry {
  const round = (shape: Nested): Nested => (isPoint(shape) ? [rounded(shape[0]), rounded(shape[1])] : shape.map(round));
  return { type: geometry.type, coordinates: round(geometry.coordinates as Nested) } as Geometry;
}

/** Metres between two points on a sphere (haversine). */
export function distance([lon, lat]: LonLat, [lon2, lat2]: LonLat): number {
  const half = (degrees: number) => Math.sin((degrees * RADIAN) / 2) ** 2;
  const h = half(lat2 - lat) + Math.cos(lat * RADIAN) * Math.cos(lat2 * RADIAN) * half(lon2 - lon);
  return 2 * EARTH_M * Math.asin(Math.sqrt(h));
}

/** Metres along a line. */
export function length(line: readonly LonLat[]): number {
  return line.slice(1).reduce((sum, point, before) => sum + distance(line[before] as LonLat, point), 0);
}

/** Place on the square world of Web Mercator, 0 to 1 from west to east and from north to south: for drawing only. */
export function world([lon, lat]: LonLat): [number, number] {
  const sine = Math.sin(lat * RADIAN);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}
