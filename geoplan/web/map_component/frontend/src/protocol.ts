/** What Python sends and what the map answers. ../README.md tells the rules. Longitude before latitude, WGS84, everywhere. */

export type LonLat = [number, number];
export type Bounds = [west: number, south: number, east: number, north: number];

export type Geometry =
  | { type: "Point"; coordinates: LonLat }
  | { type: "LineString"; coordinates: LonLat[] }
  | { type: "Polygon"; coordinates: LonLat[][] }
  | { type: "MultiPolygon"; coordinates: LonLat[][][] };

export type SymbolName = "circle" | "square" | "diamond" | "triangle" | "pentagon" | "hexagon" | "star" | "plus" | "cross";

/** One class of a layer: how its features are drawn, and the word for it in the legend. */
export interface Style {
  label: string;
  fill: string;
  opacity: number;
  line: string;
  width: number;
  dash: string;
  symbol: SymbolName;
  radius: number;
}

/**
 * `place` and `look` are addresses of payloads that never change: another content has another address. Behind `glances`, where
 * it is not blank, the id of a feature gives the address of what is seen while that is pointed at.
 */
export interface Layer {
  id: string;
  title: string;
  kind: "areas" | "lines" | "dots" | "marks";
  place: string;
  look: string;
  styles: Style[];
  shown: boolean;
  background: boolean;
  editable: boolean;
  labelled: boolean;
  min_zoom: number;
  glances: string;
}

/**
 * Where the features of a layer are, as base64 of little-endian 32-bit integers: `coordinates` (and `anchors` of labels) in
 * 1e-7 degrees, `offsets` that nest them, innermost first. `sizes` are radii in tenths of a pixel, one byte each, or blank.
 */
export interface PlacePayload {
  ids: string[];
  names: string[];
  coordinates: string;
  offsets: string[];
  anchors: string;
  sizes: string;
}

/** The class of each feature (255: not drawn) and a line of text that is shown beside its name. */
export interface LookPayload {
  classes: string;
  notes: string[];
}

/** Areas that are drawn while a feature is pointed at, with the look of each, and a line of text. */
export interface GlancePayload {
  places: PlacePayload;
  styles: Style[];
  note: string;
}

/** A way to draw something new; `id` comes back with the event. */
export interface DrawingTool {
  id: string;
  label: string;
  draws: "point" | "line" | "polygon";
  picture: "" | "barrier";
}

export interface Acknowledged {
  session: string;
  client: string;
  sequence: number;
}

export interface Answer {
  number: number;
  lon: number;
  lat: number;
  title: string;
  rows: [label: string, text: string][];
}

export interface Basemap {
  tiles: string[];
  credit: string;
  max_zoom: number;
}

export interface View {
  revision: number;
  acknowledged: Acknowledged;
  notice: string;
  language: string;
  texts: Record<string, string>;
  place: string;
  home: Bounds;
  focus: { number: number; bounds: Bounds } | null;
  layers: Layer[];
  /** Payloads by address, as JSON, that the view before had not; others are fetched. */
  payloads: Record<string, string>;
  tools: DrawingTool[];
  editable: boolean;
  selection: { layer: string; ids: string[] }[];
  pending: { label: string; geometry: Geometry }[];
  answer: Answer | null;
  basemap: Basemap | null;
  busy: string;
  spoken: string;
  reports_view: boolean;
  about: string;
  keeps_events: boolean;
}

/** What a planner did. */
export type Deed =
  | { type: "drew"; tool: string; geometry: Geometry }
  | { type: "moved" | "edited"; layer: string; feature: string; geometry: Geometry }
  | { type: "deleted"; layer: string; feature: string }
  | { type: "clicked"; lon: number; lat: number; layer: string; feature: string }
  | { type: "measured"; geometry: Geometry }
  | { type: "undo" | "redo" | "refresh" }
  | { type: "viewed"; lon: number; lat: number; zoom: number };

/** `about` is the view's; `origin` the client and the number under which another page had it. */
export type MapEvent = Deed & { sequence: number; revision: number; about: string; origin?: [client: string, sequence: number] };

/** Every message carries all events that Python has not acknowledged, so that none is lost when messages overtake or replace each other. */
export interface Message {
  client: string;
  session: string;
  events: MapEvent[];
}
