/** Facilities and other single places: symbols that can be reached by keyboard and dragged. */

import { featureChanges } from "./diff";
import { sameShape } from "./geometry";
import { L, latLng, lonLat } from "./leaflet";
import { listen, type Drawn, type Listener } from "./paths";
import type { Content } from "./payloads";
import type { Layer, LonLat, Style } from "./protocol";
import { path, svg } from "./symbols";

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const FIELD_PX = 30; // the part of the page that a mark takes, which is also what a finger must hit

interface Mark {
  marker: L.Marker;
  style: Style;
  name: string;
}

/** The picture of a symbol. */
export function symbol(style: Style, field: number): SVGElement {
  const half = field / 2;
  const picture = svg("svg", { viewBox: `${-half} ${-half} ${field} ${field}`, width: field, height: field, "aria-hidden": "true" });
  const outline = path(style.symbol, style.radius);
  picture.append(
    svg("path", { d: outline, fill: "none", stroke: "#ffffff", "stroke-width": style.width + 2.4, "stroke-linejoin": "round" }),
    svg("path", {
      d: outline,
      fill: style.fill,
      "fill-opacity": style.opacity,
      stroke: style.line,
      "stroke-width": style.width,
      "stroke-dasharray": style.dash,
      "stroke-linejoin": "round",
    }),
  );
  return picture;
}

function icon(style: Style): L.DivIcon {
  const html = symbol(style, FIELD_PX) as unknown as HTMLElement;
  return L.divIcon({ className: "gpm-mark", html, iconSize: [FIELD_PX, FIELD_PX] });
}

/**
 * A marker in the plane of all markers. Leaflet moves each in three dimensions, which gives it a plane of its own, and a hundred
 * planes are put together again at each frame in which anything on the page changes.
 */
class FlatMarker extends L.Marker {
  protected _setPos(at: L.Point): void {
    const { _setPos: put } = L.Marker.prototype as unknown as { _setPos(at: L.Point): void };
    put.call(this, at);
    const element = this.getElement();
    if (element) element.style.transform = `translate(${at.x}px, ${at.y}px)`;
  }
}

export class Marks implements Drawn {
  readonly group = L.featureGroup();
  private readonly marks = new Map<string, Mark>();
  private reached = ""; // the mark that Tab comes to

  constructor(private readonly listener: Listener) {}

  update(layer: Layer, content: Content, held: ReadonlySet<string>): void {
    const { ids, names, shapes } = content.places;
    for (const key of featureChanges(this.marks.keys(), ids).gone) this.take(key);
    ids.forEach((key, place) => {
      const style = layer.styles[content.look.classes[place] ?? 255];
      const name = names[place] ?? "";
      if (!style) this.take(key);
      else if (this.marks.has(key)) this.patch(key, shapes[place] as LonLat, style, name, held.has(key));
      else this.put(layer, key, shapes[place] as LonLat, style, name);
    });
    if (!this.marks.has(this.reached)) this.reach(this.marks.keys().next().value ?? "");
  }

  bringToFront(): void {
    // Marks lie above everything else anyway, the more southern in front.
  }

  private put(layer: Layer, key: string, at: LonLat, style: Style, name: string): void {
    const pmIgnore = !layer.editable;
    // Clicks go on to the map, so that one can draw on top of a mark.
    const marker = new FlatMarker(latLng(at), { icon: icon(style), pmIgnore, riseOnHover: true, bubblingMouseEvents: true });
    this.marks.set(key, { marker, style, name });
    marker.on("add", () => this.added(layer.id, key, marker));
    listen(this.listener, layer, key, marker);
    this.group.addLayer(marker);
  }

  /** Its element is on the page: what a screen reader says, and what the keyboard comes to. */
  private added(layer: string, key: string, marker: L.Marker): void {
    const mark = this.marks.get(key) as Mark;
    say(marker, mark.name, mark.style);
    const element = marker.getElement();
    if (!element) return;
    element.tabIndex = key === this.reached ? 0 : -1;
    element.addEventListener("keydown", (event) => (event.key === "Enter" ? press(marker, event) : this.step(key, event)));
    element.addEventListener("blur", () => this.listener.left());
    element.addEventListener("focus", () => {
      this.reach(key);
      this.listener.hovered(layer, key, marker.getLatLng());
    });
  }

  /** Hundreds of marks are one stop of the Tab key; from there the arrow keys go from one to the next. */
  private reach(key: string): void {
    for (const [name, tabIndex] of [[this.reached, -1], [key, 0]] as const) {
      const element = this.marks.get(name)?.marker.getElement();
      if (element) element.tabIndex = tabIndex;
    }
    this.reached = key;
  }

  private step(from: string, event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey) return;
    const keys = [...this.marks.keys()];
    const next = keys[(keys.indexOf(from) + step + keys.length) % keys.length] ?? from;
    this.marks.get(next)?.marker.getElement()?.focus();
    event.preventDefault();
    event.stopPropagation(); // or the map would move
  }

  private patch(key: string, at: LonLat, style: Style, name: string, held: boolean): void {
    const mark = this.marks.get(key) as Mark;
    if (JSON.stringify(mark.style) !== JSON.stringify(style)) mark.marker.setIcon(icon(style));
    if (!held && !sameShape(lonLat(mark.marker.getLatLng()), at)) mark.marker.setLatLng(latLng(at));
    say(mark.marker, name, style);
    mark.style = style;
    mark.name = name;
  }

  private take(key: string): void {
    const mark = this.marks.get(key);
    if (!mark) return;
    mark.marker.pm?.disable();
    this.group.removeLayer(mark.marker);
    this.marks.delete(key);
  }
}

/** Enter is a click, which Leaflet leaves out. */
function press(marker: L.Marker, originalEvent: KeyboardEvent): void {
  const latlng = marker.getLatLng();
  const map = (marker as unknown as { _map: L.Map })._map;
  marker.fire("click", { latlng, containerPoint: map.latLngToContainerPoint(latlng), originalEvent });
}

/** What a screen reader says. */
function say(marker: L.Marker, name: string, style: Style): void {
  marker.getElement()?.setAttribute("aria-label", `${name} ${style.label}`.trim());
}
