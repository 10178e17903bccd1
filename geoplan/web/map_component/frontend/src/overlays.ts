/** What lies over the layers for a while: the selection, shapes that wait for their figures, the answer to a question. */

import { element } from "./elements";
import type { Nested } from "./geometry";
import type { Glance } from "./glances";
import { L, latLng, latLngs } from "./leaflet";
import { pathOptions } from "./paths";
import type { Answer, Geometry, LonLat } from "./protocol";

const SELECTION: L.PathOptions = { color: "#ffb300", weight: 4, opacity: 0.95, fill: false };
const PENDING: L.PathOptions = { color: "#045a8d", weight: 2, dashArray: "6 5", fillColor: "#045a8d", fillOpacity: 0.12 };
const RING_PX = 15;

function isPoint(shape: Nested): shape is LonLat {
  return typeof shape[0] === "number";
}

/** A shape that only shows something and lets the mouse through. */
function sketch(shape: Nested, options: L.PathOptions, closed: boolean): L.Layer {
  const quiet = { ...options, interactive: false, pmIgnore: true };
  if (isPoint(shape)) return L.circleMarker(latLng(shape), { ...quiet, radius: RING_PX });
  const points = latLngs(shape) as L.LatLngTuple[];
  return closed ? L.polygon(points, quiet) : L.polyline(points, { ...quiet, fill: false });
}

export class Overlays {
  private readonly selection = L.layerGroup();
  private readonly pending = L.layerGroup();
  private readonly pointedAt = L.layerGroup();
  private readonly local = new Map<number, L.Layer>();
  private readonly renderer: L.Renderer;
  private answered = 0;
  private drawnPending = "";

  constructor(private readonly map: L.Map) {
    this.renderer = L.svg({ pane: "gpm-overlays" });
    this.pointedAt.addTo(map);
    this.selection.addTo(map);
    this.pending.addTo(map);
  }

  select(shapes: { shape: Nested; closed: boolean }[]): void {
    this.selection.clearLayers();
    for (const { shape, closed } of shapes) {
      if (!isPoint(shape)) this.selection.addLayer(sketch(shape, { color: "#ffffff", weight: 7, fill: false, renderer: this.renderer }, closed));
      this.selection.addLayer(sketch(shape, { ...SELECTION, renderer: this.renderer }, closed));
    }
  }

  /** The areas of the feature that is pointed at; none for nothing. */
  glance(glance: Glance | undefined): void {
    this.pointedAt.clearLayers();
    glance?.shapes.forEach((shape, place) => {
      const style = glance.styles[place];
      if (style) this.pointedAt.addLayer(sketch(shape, { ...pathOptions(style, "areas"), renderer: this.renderer }, true));
    });
  }

  /** Shapes that Python knows but has not analysed yet. */
  await(shapes: { label: string; geometry: Geometry }[]): void {
    const now = JSON.stringify(shapes);
    if (now === this.drawnPending) return;
    this.drawnPending = now;
    this.pending.clearLayers();
    for (const { geometry } of shapes) this.pending.addLayer(this.waiting(geometry));
  }

  /** A shape that Python has not even had yet. */
  awaitAnswer(sequence: number, geometry: Geometry): void {
    this.local.set(sequence, this.waiting(geometry).addTo(this.map));
  }

  /** Drop the shapes whose events Python has had. */
  settle(has: (sequence: number) => boolean): void {
    for (const [sequence, layer] of this.local) {
      if (!has(sequence)) continue;
      layer.remove();
      this.local.delete(sequence);
    }
  }

  get waitingShapes(): number {
    return this.local.size + this.pending.getLayers().length;
  }

  /** Show an answer once; closing it does not bring it back. */
  answer(answer: Answer | null, close: string): void {
    if (!answer) {
      if (this.answered) this.map.closePopup();
      this.answered = 0;
    } else if (answer.number !== this.answered) {
      this.answered = answer.number;
      const rows = answer.rows.flatMap(([name, text]) => (name ? [element("dt", {}, name), element("dd", {}, text)] : [element("dd", { class: "gpm-sentence" }, text)]));
      const content = element("div", { class: "gpm-answer" }, element("strong", {}, answer.title), element("dl", {}, ...rows));
      const popup = L.popup({ maxWidth: 320, autoPanPadding: [40, 40] }).setLatLng(latLng([answer.lon, answer.lat])).setContent(content);
      popup.openOn(this.map).getElement()?.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", close);
    }
  }

  private waiting(geometry: Geometry): L.Layer {
    const shape = geometry.coordinates as Nested;
    return sketch(shape, { ...PENDING, renderer: this.renderer }, geometry.type.endsWith("Polygon"));
  }
}
