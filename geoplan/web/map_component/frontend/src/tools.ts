/** What the mouse does on the map: look, draw something new, move, reshape, delete, measure. */

import { length } from "./geometry";
import { L, lonLat } from "./leaflet";
import { shapeOf } from "./paths";
import type { DrawingTool, Geometry, LonLat } from "./protocol";

/** "look", "move", "edit", "delete", "measure" or the id of a drawing tool. */
export type Mode = string;

/** What the tools tell the map. */
export interface ToolListener {
  changed(mode: Mode): void;
  drew(tool: string, geometry: Geometry): void;
  measured(geometry: Geometry): void;
  measuring(metres: number): void;
  /** How many corners a line or polygon has by now. */
  cornered(count: number): void;
}

const SHAPES = { point: "Marker", line: "Line", polygon: "Polygon" } as const;
const CORNER = { color: "#045a8d", weight: 2 };
const GUIDES = { templineStyle: CORNER, hintlineStyle: { ...CORNER, dashArray: "4 4" }, pathOptions: { ...CORNER, fillOpacity: 0.12 } };

/** Geoman's own methods that its types leave out. */
interface Drawing {
  _removeLastVertex(): void;
  _finishShape(): void;
  _layer?: L.Polyline;
}

export class Tools {
  private current: Mode = "look";
  private tools: DrawingTool[] = [];
  private readonly ruler = L.featureGroup();

  constructor(
    private readonly map: L.Map,
    private readonly listener: ToolListener,
  ) {
    map.pm.setGlobalOptions({ snappable: false, tooltips: false, continueDrawing: false, allowSelfIntersection: false, ...GUIDES });
    map.on("pm:create", (event) => this.created(event.layer));
    map.on("pm:drawstart", ({ workingLayer }) => workingLayer.on("pm:vertexadded", () => this.cornered()));
    map.on("mousemove", (event) => this.measure(lonLat(event.latlng)));
    this.ruler.addTo(map);
  }

  get mode(): Mode {
    return this.current;
  }

  /** What the present tool draws; nothing where it does not draw. */
  get draws(): DrawingTool["draws"] | undefined {
    return this.current === "measure" ? "line" : this.tools.find((tool) => tool.id === this.current)?.draws;
  }

  offer(tools: DrawingTool[]): void {
    this.tools = tools;
    if (!["look", "move", "edit", "delete", "measure"].includes(this.current) && !this.draws) this.use("look");
  }

  /** Take up a tool; choosing the one in use lays it down. */
  use(mode: Mode): void {
    this.take(mode === this.current ? "look" : mode);
  }

  private take(next: Mode): void {
    this.map.pm.disableDraw();
    if (this.map.pm.globalDragModeEnabled()) this.map.pm.disableGlobalDragMode();
    if (this.map.pm.globalEditModeEnabled()) this.map.pm.disableGlobalEditMode();
    this.ruler.clearLayers();
    this.current = next;
    if (next === "move") this.map.pm.enableGlobalDragMode();
    else if (next === "edit") this.map.pm.enableGlobalEditMode({ preventMarkerRemoval: false, allowSelfIntersection: false });
    else if (this.draws) this.draw(this.draws);
    this.listener.changed(next);
  }

  /** Take back the last corner of what is being drawn; whether there was one. */
  takeBack(): boolean {
    if (!this.draws || this.draws === "point" || !this.corners().length) return false;
    if (this.corners().length > 1) {
      this.drawing()._removeLastVertex();
      this.cornered();
    } else this.take(this.current);
    return true;
  }

  /** Put a point or corner in the middle of the map, for those who draw by keyboard. */
  putInTheMiddle(): void {
    const latlng = this.map.getCenter();
    const at = { latlng, layerPoint: this.map.latLngToLayerPoint(latlng), containerPoint: this.map.latLngToContainerPoint(latlng) };
    this.map.fire("mousemove", at);
    this.map.fire("click", at);
  }

  /** End a line or polygon where it is. */
  finish(): void {
    this.drawing()._finishShape();
  }

  private draw(what: DrawingTool["draws"]): void {
    const cross = L.divIcon({ className: "gpm-cross", iconSize: [0, 0] });
    this.map.pm.enableDraw(SHAPES[what], { markerStyle: { icon: cross, pmIgnore: true, keyboard: false }, ...GUIDES });
  }

  private drawing(): Drawing {
    const drawings = this.map.pm.Draw as unknown as Record<string, Drawing>;
    return drawings[SHAPES[this.draws ?? "point"]] as Drawing;
  }

  private corners(): LonLat[] {
    const layer = this.drawing()._layer;
    return layer instanceof L.Polyline ? (shapeOf(layer) as LonLat[]) : [];
  }

  private cornered(): void {
    this.listener.cornered(this.corners().length);
    this.measure();
  }

  private measure(to?: LonLat): void {
    if (this.current !== "measure") return;
    const corners = this.corners();
    if (corners.length) this.listener.measuring(length(to ? [...corners, to] : corners));
  }

  private created(layer: L.Layer): void {
    const { geometry } = (layer as L.Polyline).toGeoJSON(15);
    const mode = this.current;
    layer.remove();
    this.take("look");
    if (mode === "measure") {
      this.ruler.addLayer(L.polyline((layer as L.Polyline).getLatLngs() as L.LatLng[], { ...CORNER, pmIgnore: true, interactive: false }));
      this.listener.measured(geometry as Geometry);
    } else {
      this.listener.drew(mode, geometry as Geometry);
    }
  }
}
