/** Very many points on one canvas, without an object for each. */

import { world, type Places } from "./geometry";
import { L } from "./leaflet";
import type { Look } from "./payloads";
import type { LonLat, Style } from "./protocol";
import { path } from "./symbols";

const MARGIN = 0.3; // of the window on each side, so that dragging the map does not uncover empty edges
const REACH_PX = 3; // how far beside a dot a click still means it
const SPECK_PX = 2; // a smaller dot is a plain little square
const EDGE_PX = 0.8;

export class Dots extends L.Layer {
  private readonly canvas = L.DomUtil.create("canvas", "gpm-dots leaflet-zoom-animated");
  private readonly stamps = new Map<string, HTMLCanvasElement>();
  private mercator = new Float64Array(0);
  private places: Places | undefined;
  private classes: Uint8Array = new Uint8Array(0);
  private styles: Style[] = [];
  private drawnAt: { center: L.LatLng; zoom: number } | undefined;

  set(places: Places, look: Look, styles: Style[]): void {
    if (places !== this.places) {
      this.places = places;
      this.mercator = new Float64Array(2 * places.shapes.length);
      places.shapes.forEach((shape, dot) => this.mercator.set(world(shape as LonLat), 2 * dot));
    }
    if (styles !== this.styles) this.stamps.clear();
    this.classes = look.classes;
    this.styles = styles;
    if (this._map) this.draw();
  }

  override onAdd(map: L.Map): this {
    map.getPane("gpm-dots")?.append(this.canvas);
    this.draw();
    return this;
  }

  override onRemove(): this {
    this.canvas.remove();
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return { moveend: () => this.draw(), resize: () => this.draw(), zoomanim: (event) => this.stretch(event as L.ZoomAnimEvent) };
  }

  /** Draw above the other layers of dots. */
  bringToFront(): void {
    this.canvas.parentElement?.append(this.canvas);
  }

  /** The dot under a point of the window, the last drawn first; -1 for none. */
  hit(at: L.Point): number {
    const corner = this._map?.getPixelBounds().min;
    if (!corner) return -1;
    const { x, y } = corner.add(at);
    const scale = this.scale();
    for (let dot = this.classes.length - 1; dot >= 0; dot -= 1) {
      const style = this.styles[this.classes[dot] ?? 255];
      if (!style) continue;
      const reach = this.radius(dot, style) + REACH_PX;
      const dx = (this.mercator[2 * dot] ?? 0) * scale - x;
      const dy = (this.mercator[2 * dot + 1] ?? 0) * scale - y;
      if (dx * dx + dy * dy <= reach * reach) return dot;
    }
    return -1;
  }

  private radius(dot: number, style: Style): number {
    const tenths = this.places?.sizes[dot];
    return tenths === undefined ? style.radius : tenths / 10;
  }

  /** Pixels of the whole world at the present zoom. */
  private scale(): number {
    return this._map.options.crs?.scale(this._map.getZoom()) ?? 1;
  }

  /** While the map zooms the picture is stretched along; it is drawn anew at the end. */
  private stretch({ center, zoom }: L.ZoomAnimEvent): void {
    if (!this.drawnAt) return;
    const scale = this._map.getZoomScale(zoom, this.drawnAt.zoom);
    const size = this._map.getSize();
    const moved = this._map.project(this.drawnAt.center, zoom).subtract(this._map.project(center, zoom));
    const corner = size.divideBy(2).add(moved).subtract(size.multiplyBy((0.5 + MARGIN) * scale));
    L.DomUtil.setTransform(this.canvas, this._map.containerPointToLayerPoint(corner), scale);
  }

  private draw(): void {
    const map = this._map;
    const margin = map.getSize().multiplyBy(MARGIN).round();
    const size = map.getSize().add(margin.multiplyBy(2));
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = size.x * ratio;
    this.canvas.height = size.y * ratio;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint(margin.multiplyBy(-1)));
    this.drawnAt = { center: map.getCenter(), zoom: map.getZoom() };
    const context = this.canvas.getContext("2d");
    const corner = map.getPixelBounds().min?.subtract(margin);
    if (!context || !corner) return;
    context.scale(ratio, ratio);
    this.styles.forEach((style, place) => this.paint(context, style, place, new L.Bounds(corner, corner.add(size))));
  }

  private paint(context: CanvasRenderingContext2D, style: Style, place: number, { min, max }: L.Bounds): void {
    if (!min || !max) return;
    const scale = this.scale();
    context.fillStyle = style.fill;
    context.globalAlpha = style.opacity;
    for (let dot = 0; dot < this.classes.length; dot += 1) {
      if (this.classes[dot] !== place) continue;
      const x = (this.mercator[2 * dot] ?? 0) * scale;
      const y = (this.mercator[2 * dot + 1] ?? 0) * scale;
      if (x < min.x || y < min.y || x > max.x || y > max.y) continue;
      const radius = this.radius(dot, style);
      if (radius < SPECK_PX) context.fillRect(x - min.x - radius, y - min.y - radius, 2 * radius, 2 * radius);
      else this.stamp(context, style, radius, x - min.x, y - min.y);
    }
  }

  /** Copies a dot that was drawn once: far cheaper than drawing each. */
  private stamp(context: CanvasRenderingContext2D, style: Style, radius: number, x: number, y: number): void {
    const key = `${style.symbol} ${style.fill} ${radius}`;
    let stamp = this.stamps.get(key);
    if (!stamp) {
      stamp = drawn(style, radius);
      this.stamps.set(key, stamp);
    }
    const half = stampSize(radius) / 2;
    context.drawImage(stamp, x - half, y - half, 2 * half, 2 * half);
  }
}

function stampSize(radius: number): number {
  return Math.ceil(2.9 * radius + 2);
}

function drawn(style: Style, radius: number): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  const stamp = document.createElement("canvas");
  stamp.width = stamp.height = stampSize(radius) * ratio;
  const context = stamp.getContext("2d");
  if (!context) return stamp;
  context.scale(ratio, ratio);
  context.translate(stampSize(radius) / 2, stampSize(radius) / 2);
  const shape = new Path2D(path(style.symbol, radius));
  context.fillStyle = style.fill;
  context.strokeStyle = style.line;
  context.lineWidth = EDGE_PX;
  context.fill(shape);
  context.stroke(shape);
  return stamp;
}
