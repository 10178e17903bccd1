/** Leaflet with Geoman; everything else imports it from here, so that the order of loading is right. */

import L from "leaflet";
import "./set-leaflet";
import "@geoman-io/leaflet-geoman-free";
import "leaflet/dist/leaflet.css";
import "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css";

import type { Nested } from "./geometry";
import type { Bounds, LonLat } from "./protocol";

L.PM.setOptIn(true); // only what a planner may change is Geoman's

export { L };

/** Leaflet has latitude first. */
export type LatLngs = L.LatLngTuple | LatLngs[];

export function latLng([lon, lat]: LonLat): L.LatLngTuple {
  return [lat, lon];
}

export function latLngs(shape: Nested): LatLngs {
  return typeof shape[0] === "number" ? latLng(shape as LonLat) : (shape as Nested[]).map(latLngs);
}

export function lonLat({ lng, lat }: L.LatLng): LonLat {
  return [lng, lat];
}

export function latLngBounds([west, south, east, north]: Bounds): L.LatLngBounds {
  return L.latLngBounds([south, west], [north, east]);
}
