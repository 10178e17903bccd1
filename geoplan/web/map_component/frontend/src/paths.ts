/** Areas and lines: on one canvas where they are only looked at, as SVG where a planner may change them. */

import { featureChanges } from "./diff";
import { sameShape, type Nested, type Places } from "./geometry";
import { Labels } from "./labels";
import { L, latLngs } from "./leaflet";
import type { Content } from "./payloads";
import type { Layer, Style } from "./protocol";

/** What a layer of any kind tells the map. */
export interface Listener {
  clicked(layer: string, feature: string, event: L.LeafletMouseEvent): void;
  /** Pointed at with the mouse, or reached by keyboard, then with its place. */
  hovered(layer: string, feature: string, at?: L.LatLng): void;
  left(): void;
  grabbed(layer: string, feature: string): void;
  reshaped(layer: string, feature: string, shape: L.Layer): void;
}

/** Pass on what Leaflet and Geoman say about one feature. Dragging and editing may both tell of one change. */
export function listen(listener: Listener, layer: Layer, feature: string, shape: L.Layer): void {
  shape.on("click", (event) => listener.clicked(layer.id, feature, event));
  shape.on("mouseover", () => listener.hovered(layer.id, feature));
  shape.on("mouseout", () => listener.left());
  if (!layer.editable) return;
  shape.on("pm:dragstart pm:markerdragstart", () => listener.grabbed(layer.id, feature));
  shape.on("pm:edit pm:dragend pm:markerdragend", () => listener.reshaped(layer.id, feature, shape));
}

/** A layer of any kind on the map. `held` are features whose change Python has not answered yet: they are left as they are. */
export interface Drawn {
  readonly group: L.Layer;
  update(layer: Layer, content: Content, held: ReadonlySet<string>): void;
  bringToFront(): void;
}

interface Feature {
  path: L.Path;
  shape: Nested;
  style: Style;
}

export function pathOptions(style: Style, kind: Layer["kind"]): L.PathOptions {
  const stroke = { color: style.line, weight: style.width, dashArray: style.dash, stroke: style.width > 0 };
  return kind === "lines"
    ? { ...stroke, fill: false, opacity: style.opacity }
    : { ...stroke, fill: true, fillColor: style.fill, fillOpacity: style.opacity };
}

export class Paths implements Drawn {
  readonly group = L.featureGroup();
  private readonly features = new Map<string, Feature>();
  private readonly labels = new Labels();
  private places: Places | undefined;

  constructor(
    private readonly listener: Listener,
    private readonly renderer: L.Renderer,
  ) {
    this.group.addLayer(this.labels);
  }

  update(layer: Layer, content: Content, held: ReadonlySet<string>): void {
    const keys = content.places.shapes.map((_shape, place) => content.places.ids[place] ?? String(place));
    for (const key of featureChanges(this.features.keys(), keys).gone) this.take(key);
    keys.forEach((key, place) => {
      const style = layer.styles[content.look.classes[place] ?? 255];
      if (!style) this.take(key);
      else if (this.features.has(key)) this.patch(layer, key, content.places.shapes[place] as Nested, style, held.has(key));
      else this.put(layer, key, content.places.shapes[place] as Nested, style);
    });
    if (content.places !== this.places) this.name(layer, content.places);
    this.places = content.places;
  }

  bringToFront(): void {
    for (const { path } of this.features.values()) path.bringToFront();
  }

  private put(layer: Layer, key: string, shape: Nested, style: Style): void {
    const options = {
      ...pathOptions(style, layer.kind),
      renderer: this.renderer,
      interactive: !layer.background,
      pmIgnore: !layer.editable,
    };
    const points = latLngs(shape) as L.LatLngTuple[];
    const path = layer.kind === "lines" ? L.polyline(points, options) : L.polygon(points, options);
    this.features.set(key, { path, shape, style });
    this.group.addLayer(path);
    if (!layer.background) listen(this.listener, layer, key, path);
  }

  private patch(layer: Layer, key: string, shape: Nested, style: Style, held: boolean): void {
    const feature = this.features.get(key) as Feature;
    if (feature.style !== style) {
      feature.path.setStyle(pathOptions(style, layer.kind));
      feature.style = style;
    }
    if (held) return;
    if (feature.shape !== shape || layer.editable) reshape(feature.path as L.Polyline, shape);
    feature.shape = shape;
  }

  private take(key: string): void {
    const feature = this.features.get(key);
    if (!feature) return;
    (feature.path as L.Polyline).pm?.disable();
    this.group.removeLayer(feature.path);
    this.features.delete(key);
  }

  private name(layer: Layer, places: Places): void {
    if (layer.labelled) this.labels.name(places);
    else this.labels.clearLayers();
  }
}

/** Bring a shape to where Python says it is; handles of a running edit are made anew. */
function reshape(path: L.Polyline, shape: Nested): void {
  if (sameShape(shapeOf(path), shape)) return;
  const editing = path.pm?.enabled() ?? false;
  if (editing) path.pm.disable();
  path.setLatLngs(latLngs(shape) as L.LatLngTuple[]);
  if (editing) path.pm.enable();
}

/** The points of a path as Leaflet holds them. */
export function shapeOf(path: L.Polyline): Nested {
  const turn = (part: unknown): Nested => (Array.isArray(part) ? part.map(turn) : [(part as L.LatLng).lng, (part as L.LatLng).lat]);
  return turn(path.getLatLngs());
}
