/** Names on the map: each as long as there is room, and none over another. */

import { fitting, weighed, type Room } from "./crowding";
import { element } from "./elements";
import type { Places } from "./geometry";
import { L, latLng } from "./leaflet";
import type { LonLat } from "./protocol";

/** The names of a layer; which are seen depends on the zoom alone, so that none comes or goes while the map is dragged. */
export class Labels extends L.LayerGroup {
  private sizes = new Map<HTMLElement, { width: number; height: number }>();

  name(places: Places): void {
    this.clearLayers();
    for (const place of weighed(places)) this.addLayer(label(places.anchors[place] as LonLat, places.names[place] ?? ""));
    this.fit();
  }

  override clearLayers(): this {
    this.sizes.clear();
    return super.clearLayers();
  }

  override onAdd(map: L.Map): this {
    super.onAdd(map);
    map.on("zoomend", this.fit, this);
    this.fit();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off("zoomend", this.fit, this);
    return super.onRemove(map);
  }

  private fit(): void {
    const shown = (this.getLayers() as L.Marker[]).flatMap((marker) => {
      const name = marker.getElement()?.firstElementChild as HTMLElement | null | undefined;
      return name ? [{ marker, name }] : [];
    });
    const map = (this as unknown as { _map?: L.Map })._map;
    if (!map) return;
    for (const { name } of shown) if (!this.sizes.has(name)) this.sizes.set(name, { width: name.offsetWidth, height: name.offsetHeight });
    const rooms = shown.map(({ marker, name }) => ({ ...map.latLngToLayerPoint(marker.getLatLng()), ...(this.sizes.get(name) as Room) }));
    fitting(rooms).forEach((fits, place) => shown[place]?.name.classList.toggle("gpm-crowded", !fits));
  }
}

function label(anchor: LonLat, name: string): L.Marker {
  const icon = L.divIcon({ className: "gpm-name", html: element("span", {}, name), iconSize: [0, 0] });
  return L.marker(latLng(anchor), { icon, interactive: false, keyboard: false, pane: "gpm-names", pmIgnore: true });
}
