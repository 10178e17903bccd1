/** Which names have room on the map; without any drawing. */

import { bounds, type Places } from "./geometry";

/** A name's middle and size in pixels. */
export interface Room {
  x: number;
  y: number;
  width: number;
  height: number;
}

const GAP_PX = 2;

/** Which of the names have room, given in the order of their weight: one that would lie over another before it has none. */
export function fitting(rooms: readonly Room[]): boolean[] {
  const taken: Room[] = [];
  return rooms.map((room) => {
    const free = taken.every((other) => !overlap(room, other));
    if (free) taken.push(room);
    return free;
  });
}

function overlap(one: Room, other: Room): boolean {
  return 2 * Math.abs(one.x - other.x) < one.width + other.width + 2 * GAP_PX && 2 * Math.abs(one.y - other.y) < one.height + other.height;
}

/** The places from the largest area to the smallest. */
export function weighed({ shapes }: Pick<Places, "shapes">): number[] {
  const sizes = shapes.map((shape) => {
    const [west, south, east, north] = bounds(shape);
    return (east - west) * (north - south);
  });
  return sizes.map((_size, place) => place).sort((one, other) => (sizes[other] ?? 0) - (sizes[one] ?? 0));
}
