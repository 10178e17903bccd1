/** The layers of the map, one above the other. */

import { layerChanges, orderChanged, type Change } from "./diff";
import { Dots } from "./dots";
import { around, bounds, type Nested } from "./geometry";
import { L } from "./leaflet";
import { Marks } from "./marks";
import { Paths, type Drawn, type Listener } from "./paths";
import type { Content } from "./payloads";
import type { Bounds, Layer } from "./protocol";

/** Dots behind the same face as the other kinds; clicks on them are found by the map, since their canvas lets everything through. */
class DotLayer implements Drawn {
  readonly group = new Dots();

  update(layer: Layer, content: Content): void {
    this.group.set(content.places, content.look, layer.styles);
  }

  bringToFront(): void {
    this.group.bringToFront();
  }
}

/** A feature that was hit or hovered. */
export interface Hit {
  layer: string;
  place: number;
}

export class Stack {
  private layers: Layer[] = [];
  private before: Layer[] = []; // those that are drawn
  private contents = new Map<string, Content>();
  private readonly drawn = new Map<string, Drawn>();
  private readonly stale = new Set<string>();
  private readonly canvas: L.Renderer;
  private readonly svg: L.Renderer;

  constructor(
    private readonly map: L.Map,
    private readonly listener: Listener,
    private readonly isShown: (layer: Layer) => boolean,
  ) {
    this.canvas = L.canvas({ padding: 0.3 });
    this.svg = L.svg({ pane: "gpm-editable", padding: 0.3 });
    map.on("zoomend", () => this.showAll());
  }

  /** Take the layers of the next view, without drawing them yet. */
  prepare(layers: Layer[], contents: Map<string, Content>): void {
    this.layers = layers;
    this.contents = contents;
  }

  /** Draw what changed; features in `held` (by layer) stay as the planner left them until Python has answered. */
  draw(held: ReadonlyMap<string, ReadonlySet<string>>): void {
    const { gone, changed } = layerChanges(this.before, this.layers);
    const reorder = orderChanged(this.before, this.layers);
    this.before = this.layers;
    gone.forEach((id) => this.remove(id));
    for (const layer of this.layers) this.drawLayer(layer, changed.get(layer.id) ?? "none", held.get(layer.id) ?? new Set());
    this.showAll();
    if (reorder || [...changed.values()].some((change) => change === "new" || change === "place")) this.order();
  }

  /** A planner changed a feature: whatever Python answers, the layer is compared with it. */
  touch(layer: string): void {
    this.stale.add(layer);
  }

  /** Show or hide layers as they are switched and as the zoom asks. */
  showAll(): void {
    for (const layer of this.layers) {
      const group = this.drawn.get(layer.id)?.group;
      if (!group) continue;
      const wanted = this.isShown(layer) && this.map.getZoom() >= layer.min_zoom;
      if (wanted && !this.map.hasLayer(group)) {
        group.addTo(this.map);
        this.order();
      } else if (!wanted && this.map.hasLayer(group)) group.remove();
    }
  }

  get all(): readonly Layer[] {
    return this.layers;
  }

  layer(id: string): Layer | undefined {
    return this.layers.find((layer) => layer.id === id);
  }

  content(id: string): Content | undefined {
    return this.contents.get(id);
  }

  /** The dot under a point of the window, the topmost layer first. */
  dotAt(point: L.Point): Hit | undefined {
    for (const layer of [...this.layers].reverse()) {
      const group = this.drawn.get(layer.id)?.group;
      const place = group instanceof Dots && this.map.hasLayer(group) ? group.hit(point) : -1;
      if (place >= 0) return { layer: layer.id, place };
    }
    return undefined;
  }

  shape(layer: string, feature: string): Nested | undefined {
    const content = this.contents.get(layer);
    return content?.places.shapes[content.places.ids.indexOf(feature)];
  }

  /** The box around some features of a layer. */
  boundsOf(layer: string, features: readonly string[]): Bounds | null {
    const shapes = features.map((feature) => this.shape(layer, feature));
    return around(shapes.filter((shape): shape is Nested => shape !== undefined).map(bounds));
  }

  private drawLayer(layer: Layer, change: Change, held: ReadonlySet<string>): void {
    const content = this.contents.get(layer.id);
    if (!content || (change === "none" && !this.stale.has(layer.id))) return;
    if (change === "place" && this.kindChanged(layer)) this.remove(layer.id);
    const drawn = this.drawn.get(layer.id) ?? this.make(layer);
    this.drawn.set(layer.id, drawn);
    drawn.update(layer, content, held);
    if (held.size) this.stale.add(layer.id);
    else this.stale.delete(layer.id);
  }

  private kindChanged(layer: Layer): boolean {
    const drawn = this.drawn.get(layer.id);
    return drawn !== undefined && this.signs.get(drawn) !== sign(layer);
  }

  private readonly signs = new WeakMap<Drawn, string>();

  private make(layer: Layer): Drawn {
    const drawn = this.made(layer);
    this.signs.set(drawn, sign(layer));
    return drawn;
  }

  private made(layer: Layer): Drawn {
    if (layer.kind === "dots") return new DotLayer();
    if (layer.kind === "marks") return new Marks(this.listener);
    return new Paths(this.listener, layer.editable ? this.svg : this.canvas);
  }

  private remove(id: string): void {
    this.drawn.get(id)?.group.remove();
    this.drawn.delete(id);
  }

  private order(): void {
    for (const layer of this.layers) this.drawn.get(layer.id)?.bringToFront();
  }
}

/** What a drawing cannot change while it lives. */
function sign(layer: Layer): string {
  return `${layer.kind} ${layer.editable}`;
}
