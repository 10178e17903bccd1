/** The map of one mounted component: takes views from Python, tells it what the planner does. */

import { button, element, hasSize, sized, writeLines } from "./elements";
import { distance, fill, place } from "./format";
import { length, packed, sameShape, type Nested } from "./geometry";
import { Glances, type Glance } from "./glances";
import { L, latLng, latLngBounds, lonLat } from "./leaflet";
import { legend } from "./legend";
import { Memory } from "./memory";
import { Overlays } from "./overlays";
import { Panel } from "./panel";
import { actOf, writesIn } from "./keys";
import type { Listener } from "./paths";
import { Payloads, type Content } from "./payloads";
import { Pointer } from "./pointer";
import type { Deed, Geometry, Layer, LonLat, Message, View } from "./protocol";
import { SearchBox } from "./search_box";
import { Stack, type Hit } from "./stack";
import { Telling } from "./telling";
import { Tip } from "./tip";
import { Toolbar } from "./toolbar";
import { Tools, type Mode } from "./tools";

/** A feature that the planner changed and whose change Python has not answered. */
interface Touched {
  layer: string;
  feature: string;
  geometry: Geometry | undefined;
  sequence: number;
}

const SETTLED_MS = 400; // a map that has not moved for this long has arrived
const CLOSE_ZOOM = 15; // to look at one place
const PANES: [name: string, height: number, through: boolean][] = [
  ["gpm-dots", 420, true],
  ["gpm-editable", 450, false],
  ["gpm-overlays", 460, true],
  ["gpm-names", 610, true],
];

export class MapView implements Listener {
  readonly root = element("div", { class: "gpm" });
  readonly map: L.Map;
  private readonly frame = element("div", { class: "gpm-map" });
  private readonly hint = element("div", { class: "gpm-hint", role: "status" });
  private readonly spoken = element("div", { class: "gpm-spoken", role: "status", "aria-atomic": "false" });
  private readonly tip = new Tip(this.frame);
  private readonly where = element("div", { class: "gpm-where" });
  private readonly credit = element("div", { class: "gpm-credit" });
  private readonly zoom = element("div", { class: "gpm-zoom gpm-group" });
  private readonly telling: Telling;
  private readonly payloads = new Payloads();
  private readonly stack: Stack;
  private readonly overlays: Overlays;
  private readonly tools: Tools;
  private readonly toolbar: Toolbar;
  private readonly panel: Panel;
  private readonly search: SearchBox;
  private readonly glances = new Glances((glance) => this.glanced(glance));
  private readonly touched = new Map<string, Touched>();
  private readonly stop = new AbortController();
  private readonly pointer = new Pointer(this.frame, () => this.keyboardLeads, () => this.left(), this.stop.signal);
  private onDot = false;
  private pointedAt: { layer: string; feature: string } | undefined;
  private carried: { layer: string; feature: string } | undefined;
  private grabbedFeature: { layer: string; feature: string } | undefined;
  private memory = new Memory("");
  private tiles: L.TileLayer[] = [];
  private view: View | undefined;
  private next: View | undefined;
  private applying = false;
  private told = false; // that an edit waits long
  private progress = ""; // what a tool tells in place of its hint

  constructor(parent: HTMLElement, send: (message: Message) => void) {
    parent.append(this.root);
    this.telling = new Telling(send, () => this.waits());
    this.toolbar = new Toolbar({ use: (mode, byKey) => this.use(mode, byKey), undo: () => this.tell({ type: "undo" }), redo: () => this.tell({ type: "redo" }) });
    this.search = new SearchBox(() => this.named(), (layer) => this.stack.layer(layer)?.title ?? "", (found) => this.goTo(found));
    const head = element("div", { class: "gpm-head" }, this.toolbar.element, this.search.element);
    this.panel = new Panel((layer, on) => this.switch(layer, on));
    this.root.append(head, element("div", { class: "gpm-body" }, this.frame, this.zoom, this.panel.element, this.hint, this.where, this.credit, this.tip.element, this.spoken));
    this.frame.style.position = "absolute"; // the style sheet may come later, and Leaflet makes relative what it finds static: a frame without height
    const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const motion = { zoomAnimation: moves, fadeAnimation: moves, markerZoomAnimation: moves, inertia: moves };
    this.map = L.map(this.frame, { zoomControl: false, attributionControl: false, zoomSnap: 0.5, maxZoom: 19, minZoom: 3, pmIgnore: false, renderer: L.canvas({ padding: 0.3 }), ...motion });
    for (const [name, height, through] of PANES) {
      const pane = this.map.createPane(name);
      pane.style.zIndex = String(height);
      if (through) pane.style.pointerEvents = "none";
    }
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(this.map);
    this.stack = new Stack(this.map, this, (layer) => this.isShown(layer));
    this.overlays = new Overlays(this.map);
    this.tools = new Tools(this.map, {
      changed: (mode) => this.toolChanged(mode),
      drew: (tool, geometry) => this.drew(tool, geometry),
      measured: (geometry) => this.measuredLine(geometry),
      measuring: (metres) => this.measuring(metres),
      cornered: (count) => this.cornered(count),
    });
    this.listen();
  }

  /** How Python is told; another with every view. */
  set send(send: (message: Message) => void) {
    this.telling.send = send;
  }

  /** Take a view: fetch what is new, draw what changed. A view that comes meanwhile waits; of several only the last is drawn. */
  async take(view: View): Promise<void> {
    this.next = view;
    this.payloads.take(view.payloads);
    this.telling.heard(view);
    if (this.applying) return;
    this.applying = true;
    try {
      while (this.next) await this.apply(this.next);
    } finally {
      this.applying = false;
    }
  }

  close(): void {
    this.stop.abort();
    this.telling.close();
    this.map.remove();
    this.root.remove();
  }

  private async apply(view: View): Promise<void> {
    this.next = undefined;
    let contents: Map<string, Content>;
    try {
      [contents] = await Promise.all([this.payloads.of(view.layers), sized(this.frame, this.stop.signal)]);
    } catch {
      this.say(view.texts["load_failed"] ?? "", true);
      if (!this.next) this.tell({ type: "refresh" });
      return;
    }
    if (!this.next && !this.stop.signal.aborted) this.draw(view, contents);
  }

  private draw(view: View, contents: Map<string, Content>): void {
    const before = this.view;
    this.view = view;
    if (view.place !== before?.place) this.memory = new Memory(view.place);
    this.release();
    this.stack.prepare(view.layers, contents);
    this.words(view, before);
    if (view.place !== before?.place) this.start();
    this.stack.draw(this.held());
    this.background(view, before);
    this.overlays.await(view.pending);
    this.overlays.settle((sequence) => this.telling.has(sequence));
    this.showSelection(view);
    this.overlays.answer(view.answer, view.texts["close"] ?? "");
    if (this.pointedAt) this.glance(this.pointedAt); // of another revision its area may be another
    if (view.focus && view.focus.number !== before?.focus?.number) this.map.fitBounds(latLngBounds(view.focus.bounds), { maxZoom: CLOSE_ZOOM, padding: [40, 40] });
    writeLines(this.spoken, view.spoken);
    this.say(view.notice || this.hintText(), view.notice !== "");
    this.root.dataset["pending"] = String(this.overlays.waitingShapes);
    this.root.dataset["revision"] = String(view.revision);
  }

  private start(): void {
    const remembered = this.memory.remembered.view;
    if (remembered) this.map.setView(latLng(remembered.center), remembered.zoom, { animate: false });
    else this.home(false);
  }

  private home(animate = true): void {
    const panel = this.panel.element.offsetWidth;
    const right = panel < this.frame.offsetWidth / 3 ? panel + 20 : 12; // the panel covers that side
    if (this.view) this.map.fitBounds(latLngBounds(this.view.home), { animate, paddingTopLeft: [52, 12], paddingBottomRight: [right, 12] });
  }

  private words(view: View, before: View | undefined): void {
    const { texts, tools, editable, language } = view;
    this.tools.offer(tools);
    if (JSON.stringify([texts, tools, editable]) !== JSON.stringify([before?.texts, before?.tools, before?.editable])) {
      this.root.lang = language;
      this.frame.setAttribute("aria-label", texts["map"] ?? "");
      this.frame.setAttribute("role", "application");
      this.toolbar.show(tools, editable, texts);
      this.toolbar.press(this.tools.mode);
      this.search.show(texts);
      this.zoom.replaceChildren(
        button("plus", texts["zoom_in"] ?? "", () => this.map.zoomIn()),
        button("minus", texts["zoom_out"] ?? "", () => this.map.zoomOut()),
        button("home", texts["home"] ?? "", () => this.home()),
      );
    }
    if (JSON.stringify(view.layers) !== JSON.stringify(before?.layers) || texts["layers"] !== before?.texts["layers"]) this.showLegend(view);
  }

  private showLegend(view: View): void {
    const groups = legend(view.layers, (layer) => this.stack.content(layer.id)?.look.classes ?? new Uint8Array(0));
    const shown = new Map(view.layers.map((layer) => [layer.id, this.isShown(layer)]));
    this.panel.show(groups, (layer) => shown.get(layer) ?? true, view.texts, view.language);
  }

  private background({ basemap }: View, before: View | undefined): void {
    if (JSON.stringify(basemap) === JSON.stringify(before?.basemap ?? null)) return;
    this.tiles.forEach((tiles) => tiles.remove());
    this.tiles = (basemap?.tiles ?? []).map((address) => L.tileLayer(address, { maxNativeZoom: basemap?.max_zoom ?? 18, maxZoom: 19 }).addTo(this.map));
    this.credit.textContent = basemap?.credit ?? "";
  }

  private showSelection(view: View): void {
    const chosen = view.selection.flatMap(({ layer, ids }) => {
      const closed = this.stack.layer(layer)?.kind === "areas";
      return ids.map((id) => ({ shape: this.stack.shape(layer, id), closed }));
    });
    this.overlays.select(chosen.flatMap(({ shape, closed }) => (shape ? [{ shape, closed }] : [])));
  }

  // What the planner does

  clicked(layer: string, feature: string, event: L.LeafletMouseEvent): void {
    if (this.tools.mode === "delete") {
      if (this.stack.layer(layer)?.editable) this.change({ type: "deleted", layer, feature });
      return;
    }
    if (this.tools.mode === "move" && event.originalEvent instanceof KeyboardEvent) this.carry(layer, feature);
    if (this.tools.mode !== "look") return;
    L.DomEvent.stopPropagation(event);
    const dot = this.stack.layer(layer)?.kind === "marks" ? undefined : this.stack.dotAt(event.containerPoint);
    this.tellClick(event.latlng, dot ? this.featureOf(dot) : { layer, feature });
  }

  hovered(layer: string, feature: string, at?: L.LatLng): void {
    const content = this.stack.content(layer);
    if (!content || this.tools.draws) return;
    this.showTip({ layer, place: content.places.ids.indexOf(feature) });
    if (at) this.tip.put(this.map.latLngToContainerPoint(at));
    this.glance({ layer, feature });
  }

  left(): void {
    this.tip.hide();
    this.pointedAt = undefined;
    this.glances.out();
  }

  /** Ask for what is seen while a feature is pointed at. */
  private glance(pointedAt: { layer: string; feature: string }): void {
    this.pointedAt = pointedAt;
    const behind = this.stack.layer(pointedAt.layer)?.glances;
    this.glances.over(behind ? behind + encodeURIComponent(pointedAt.feature) : "");
  }

  private glanced(glance: Glance | undefined): void {
    this.overlays.glance(glance);
    this.tip.add(glance?.note ?? "");
    this.root.dataset["glance"] = glance?.shapes.length ? (this.pointedAt?.feature ?? "") : "";
  }

  grabbed(layer: string, feature: string): void {
    this.grabbedFeature = { layer, feature };
  }

  reshaped(layer: string, feature: string, shape: L.Layer): void {
    this.grabbedFeature = undefined;
    this.stack.touch(layer);
    const geometry = packed((shape as L.Polyline).toGeoJSON(15).geometry as Geometry);
    const told = this.touched.get(`${layer} ${feature}`)?.geometry?.coordinates ?? this.stack.shape(layer, feature);
    if (told && sameShape(told as Nested, geometry.coordinates as Nested)) return;
    this.change({ type: shape instanceof L.Marker || this.tools.mode === "move" ? "moved" : "edited", layer, feature, geometry });
  }

  private drew(tool: string, geometry: Geometry): void {
    const exact = packed(geometry);
    const sequence = this.tell({ type: "drew", tool, geometry: exact });
    this.overlays.awaitAnswer(sequence, exact);
    this.root.dataset["pending"] = String(this.overlays.waitingShapes);
  }

  private change(deed: Extract<Deed, { feature: string; layer: string }>): number {
    this.stack.touch(deed.layer);
    const sequence = this.tell(deed);
    const geometry = "geometry" in deed ? deed.geometry : undefined;
    this.touched.set(`${deed.layer} ${deed.feature}`, { layer: deed.layer, feature: deed.feature, geometry, sequence });
    return sequence;
  }

  private tellClick(at: L.LatLng, on: { layer: string; feature: string }): void {
    const [lon, lat] = lonLat(at.wrap());
    this.tell({ type: "clicked", lon, lat, ...on });
  }

  private tell(deed: Deed): number {
    return this.telling.tell(deed, this.view);
  }

  private waits(): void {
    this.root.dataset["unacknowledged"] = String(this.telling.waiting);
    if (this.told !== this.telling.isSlow) this.say(this.hintText());
    this.told = this.telling.isSlow;
  }

  private release(): void {
    for (const [key, { sequence }] of this.touched) if (this.telling.has(sequence)) this.touched.delete(key);
  }

  private held(): Map<string, Set<string>> {
    const held = new Map<string, Set<string>>();
    const features = [...this.touched.values(), ...(this.grabbedFeature ? [this.grabbedFeature] : [])];
    for (const { layer, feature } of features) held.set(layer, (held.get(layer) ?? new Set()).add(feature));
    return held;
  }

  // Looking around

  private listen(): void {
    const { signal } = this.stop;
    this.map.on("click", (event) => {
      if (this.tools.mode !== "look") return;
      const dot = this.stack.dotAt(event.containerPoint);
      this.tellClick(event.latlng, dot ? this.featureOf(dot) : { layer: "", feature: "" });
    });
    this.map.on("mousemove", (event) => this.pointed(event));
    this.map.on("mouseout", () => this.left());
    this.map.on("moveend", () => this.moved());
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    const size = new ResizeObserver(() => hasSize(this.frame) && this.map.invalidateSize({ animate: false })); // not when it is taken from the page
    size.observe(this.frame);
    signal.addEventListener("abort", () => size.disconnect());
    window.addEventListener("beforeunload", (event) => this.telling.waiting && event.preventDefault(), { signal });
  }

  private pointed(event: L.LeafletMouseEvent): void {
    this.where.textContent = place(lonLat(event.latlng));
    this.tip.put(event.containerPoint);
    const onMark = this.pointedAt && this.stack.layer(this.pointedAt.layer)?.kind === "marks";
    const dot = onMark ? undefined : this.stack.dotAt(event.containerPoint);
    if (dot) this.showTip(dot);
    else if (this.onDot && this.pointedAt) this.hovered(this.pointedAt.layer, this.pointedAt.feature);
    else if (this.onDot) this.left();
    this.onDot = dot !== undefined;
  }

  /** Whether a mark is reached by keyboard. */
  private get keyboardLeads(): boolean {
    return this.root.querySelector(".gpm-mark:focus") !== null;
  }

  private showTip({ layer, place: at }: Hit): void {
    const content = this.stack.content(layer);
    if (this.tools.draws) this.tip.hide();
    else this.tip.show(content?.places.names[at] ?? "", content?.look.notes[at] ?? "");
  }

  private moved(): void {
    const center = lonLat(this.map.getCenter());
    const zoom = this.map.getZoom();
    this.root.dataset["view"] = [...center, zoom].join(" ");
    this.memory.note({ view: { center, zoom } });
    this.pointer.mapMoved();
    clearTimeout(this.arriving);
    if (!this.view?.reports_view) return;
    this.arriving = window.setTimeout(() => this.tell({ type: "viewed", lon: center[0], lat: center[1], zoom }), SETTLED_MS);
  }

  private arriving = 0;

  private isShown(layer: Layer): boolean {
    return this.memory.remembered.shown?.[layer.id] ?? layer.shown;
  }

  private switch(layer: string, on: boolean): void {
    this.memory.note({ shown: { ...this.memory.remembered.shown, [layer]: on } });
    this.stack.showAll();
    if (this.view) this.showLegend(this.view);
  }

  private named(): { layer: string; names: string[] }[] {
    const fromTheTop = [...this.stack.all].reverse().filter((layer) => !layer.background);
    return fromTheTop.map((layer) => ({ layer: layer.id, names: this.stack.content(layer.id)?.places.names ?? [] }));
  }

  private goTo(found: Hit): void {
    const { layer, feature } = this.featureOf(found);
    const box = this.stack.boundsOf(layer, [feature]);
    if (!box) return;
    if (!this.isShown(this.stack.layer(layer) as Layer)) this.switch(layer, true);
    this.map.fitBounds(latLngBounds(box), { maxZoom: CLOSE_ZOOM, padding: [40, 40] });
    this.tellClick(latLngBounds(box).getCenter(), { layer, feature });
  }

  private featureOf({ layer, place: at }: Hit): { layer: string; feature: string } {
    return { layer, feature: this.stack.content(layer)?.places.ids[at] ?? "" };
  }

  // Words and keys

  /** Who takes up a tool by keyboard goes on with it on the map. */
  private use(mode: Mode, byKey: boolean): void {
    this.tools.use(mode);
    if (byKey && this.tools.mode !== "look") this.frame.focus({ preventScroll: true });
  }

  private toolChanged(mode: Mode): void {
    this.toolbar.press(mode);
    this.root.dataset["mode"] = mode;
    this.root.dataset["draws"] = this.tools.draws ?? "";
    this.letGo();
  }

  private letGo(): void {
    this.carried = undefined;
    this.root.dataset["carried"] = "";
    this.progress = "";
    this.say(this.hintText());
  }

  private cornered(count: number): void {
    if (count && this.tools.mode !== "measure") this.tellProgress("corners", { count: String(count) });
  }

  private tellProgress(text: string, values: Record<string, string>): void {
    this.progress = fill(this.view?.texts[text] ?? "", values);
    this.say(this.progress);
  }

  private measuring(metres: number): void {
    const { texts, language } = this.view as View;
    this.tellProgress("measured", { distance: distance(metres, language, texts) });
  }

  private measuredLine(geometry: Geometry): void {
    this.measuring(length(geometry.coordinates as LonLat[]));
    this.tell({ type: "measured", geometry: packed(geometry) });
  }

  private hintText(): string {
    const texts = this.view?.texts ?? {};
    const mode = this.tools.draws && this.tools.mode !== "measure" ? `draw_${this.tools.draws}` : this.tools.mode;
    if (this.telling.isSlow) return texts["saving"] ?? "";
    return this.progress || texts[`hint_${mode}`] || this.view?.busy || "";
  }

  private say(text: string, alarm = false): void {
    if (this.hint.textContent !== text) this.hint.textContent = text;
    this.hint.classList.toggle("gpm-alarm", alarm);
    this.hint.classList.toggle("gpm-busy", text !== "" && text === this.view?.busy);
    this.hint.hidden = !text;
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (writesIn(target)) return;
    const on = target === this.frame ? "map" : this.frame.contains(target) ? "feature" : "beside";
    const act = actOf(event, { mode: this.tools.mode, draws: this.tools.draws, carries: this.carried !== undefined, on });
    if (!act) return;
    event.preventDefault();
    if (act === "back") this.tools.takeBack() || this.tellIfEditable({ type: "undo" });
    else if (act === "redo") this.tellIfEditable({ type: "redo" });
    else if (act === "finish") this.tools.finish();
    else if (act === "lay_down" && !this.carried) this.tools.use(this.tools.mode);
    else if (this.carried) this.putDown(this.carried, act === "middle");
    else this.tools.putInTheMiddle();
  }

  /** By keyboard a mark is taken up where it stands; the map moves below it, and it is put down in the middle. */
  private carry(layer: string, feature: string): void {
    const places = this.stack.content(layer)?.places;
    if (!this.stack.layer(layer)?.editable || !places) return;
    this.carried = { layer, feature };
    this.root.dataset["carried"] = feature;
    this.map.panTo(latLng(this.stack.shape(layer, feature) as LonLat), { animate: false });
    this.frame.focus({ preventScroll: true });
    this.tellProgress("hint_carry", { name: places.names[places.ids.indexOf(feature)] ?? "" });
  }

  private putDown({ layer, feature }: { layer: string; feature: string }, here: boolean): void {
    this.letGo();
    const geometry: Geometry = packed({ type: "Point", coordinates: lonLat(this.map.getCenter()) });
    if (!here || sameShape(this.stack.shape(layer, feature) as Nested, geometry.coordinates as Nested)) return;
    this.overlays.awaitAnswer(this.change({ type: "moved", layer, feature, geometry }), geometry);
  }

  private tellIfEditable(deed: Deed): void {
    if (this.view?.editable) this.tell(deed);
  }
}

