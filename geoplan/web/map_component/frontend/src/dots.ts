/** Very many points on one canvas, without an object for each. */

import { stamp, whole, type Box, type Picture, type Stamp } from "./blit";
import { world, type Places } from "./geometry";
import { L } from "./leaflet";
import type { Look } from "./payloads";
import type { LonLat, Style } from "./protocol";
import { changed, paint, type Scatter } from "./scatter";
import { path } from "./symbols";

const MARGIN = 0.15; // of the window on each side, so that dragging the map does not uncover empty edges
const REACH_PX = 3; // how far beside a dot a click still means it
const COUNTY_ZOOM = 11; // where a county fills the window
const [GROWTH, MOST_CLOSER] = [0.25, 5]; // by how much a dot grows at each zoom, and up to how many
const EDGE = 30; // a dot reaches less far from its middle
const EDGED_PX = 2; // smaller dots would drown in a light edge
const EDGE_PX = 0.8;
const LARGEST = 1.45; // how far a symbol reaches, in radii

/** What the canvas shows. */
interface Shown {
  center: L.LatLng;
  zoom: number;
  image: ImageData;
  picture: Picture;
  scatter: Scatter;
}

export class Dots extends L.Layer {
  private readonly canvas = L.DomUtil.create("canvas", "gpm-dots leaflet-zoom-animated");
  private mercator = new Float64Array(0);
  private places: Places | undefined;
  private classes: Uint8Array = new Uint8Array(0);
  private styles: Style[] = [];
  private drawn: Shown | undefined;

  set(places: Places, look: Look, styles: Style[]): void {
    const samePicture = places === this.places && JSON.stringify(styles) === JSON.stringify(this.styles);
    if (places !== this.places) {
      this.places = places;
      this.mercator = new Float64Array(2 * places.shapes.length);
      places.shapes.forEach((shape, dot) => this.mercator.set(world(shape as LonLat), 2 * dot));
    }
    this.classes = look.classes;
    this.styles = styles;
    if (!this._map) return;
    if (samePicture && this.drawn) this.redraw(this.drawn);
    else this.draw();
  }

  override onAdd(map: L.Map): this {
    map.getPane("gpm-dots")?.append(this.canvas);
    this.draw();
    return this;
  }

  override onRemove(): this {
    this.canvas.remove();
    this.drawn = undefined;
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
    const [scale, zoom] = [this.scale(), this._map.getZoom()];
    for (let dot = this.classes.length - 1; dot >= 0; dot -= 1) {
      const style = this.styles[this.classes[dot] ?? 255];
      if (!style) continue;
      const reach = this.tenths(dot, style, zoom) / 10 + REACH_PX;
      const dx = (this.mercator[2 * dot] ?? 0) * scale - x;
      const dy = (this.mercator[2 * dot + 1] ?? 0) * scale - y;
      if (dx * dx + dy * dy <= reach * reach) return dot;
    }
    return -1;
  }

  /** Pixels of the whole world at the present zoom. */
  private scale(): number {
    return this._map.options.crs?.scale(this._map.getZoom()) ?? 1;
  }

  /** While the map zooms the picture is stretched along; it is drawn anew at the end. */
  private stretch({ center, zoom }: L.ZoomAnimEvent): void {
    if (!this.drawn) return;
    const scale = this._map.getZoomScale(zoom, this.drawn.zoom);
    const size = this._map.getSize();
    const moved = this._map.project(this.drawn.center, zoom).subtract(this._map.project(center, zoom));
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
    this.drawn = undefined;
    const context = this.canvas.getContext("2d");
    const corner = map.getPixelBounds().min?.subtract(margin);
    if (!context || !corner || !this.canvas.width || !this.canvas.height) return;
    const image = context.createImageData(this.canvas.width, this.canvas.height);
    const picture = { width: image.width, height: image.height, pixels: new Uint32Array(image.data.buffer) };
    const scatter = this.scatter(corner, ratio);
    this.drawn = { center: map.getCenter(), zoom: map.getZoom(), image, picture, scatter };
    this.paint(this.drawn, whole(picture));
  }

  /** Bring what is drawn up to date where dots have other classes by now. */
  private redraw(drawn: Shown): void {
    const before = drawn.scatter.classes;
    drawn.scatter.classes = this.classes;
    const box = changed(drawn.picture, drawn.scatter, before);
    if (box) this.paint(drawn, box);
  }

  private paint({ image, picture, scatter }: Shown, box: Box): void {
    paint(picture, scatter, box);
    this.canvas.getContext("2d")?.putImageData(image, 0, 0, box.left, box.top, box.right - box.left, box.bottom - box.top);
  }

  /** The dots on the picture. `corner` is its upper left in pixels of the world, `ratio` the screen's pixels in one. */
  private scatter(corner: L.Point, ratio: number): Scatter {
    const [scale, zoom] = [this.scale(), this._map.getZoom()];
    const at = this.mercator.map((part, place) => (part * scale - (place % 2 ? corner.y : corner.x)) * ratio);
    const stamps = this.styles.map((): Stamp[] => []); // of each class, by tenths of a pixel of the radius
    const stampOf = (dot: number, kind: number): Stamp => {
      const style = this.styles[kind] as Style;
      const tenths = this.tenths(dot, style, zoom);
      return ((stamps[kind] as Stamp[])[tenths] ??= stamp(drawn(style, (tenths / 10) * ratio)));
    };
    return { at, classes: this.classes, kinds: this.styles.length, edge: EDGE * ratio, stampOf };
  }

  /** The radius in tenths of a pixel; dots grow as one comes closer. */
  private tenths(dot: number, style: Style, zoom: number): number {
    const closer = Math.min(Math.max(zoom - COUNTY_ZOOM, 0), MOST_CLOSER);
    return Math.round((this.places?.sizes[dot] ?? 10 * style.radius) * (1 + closer * GROWTH));
  }
}

/** A dot, drawn once to be copied. */
function drawn(style: Style, radius: number): Picture {
  const size = 2 * Math.ceil(LARGEST * radius) + 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.translate(size / 2, size / 2);
  context.globalAlpha = style.opacity;
  const shape = new Path2D(path(style.symbol, radius));
  context.fillStyle = style.fill;
  context.fill(shape);
  if (radius >= EDGED_PX) {
    context.strokeStyle = style.line;
    context.lineWidth = EDGE_PX;
    context.stroke(shape);
  }
  return { width: size, height: size, pixels: new Uint32Array(context.getImageData(0, 0, size, size).data.buffer) };
}
