/** Streamlit mounts this component; the map of a mounted element lives until it is unmounted, whatever views come. */

import { MapView } from "./map_view";
import type { Message, View } from "./protocol";
import "./style.css";

/** What Streamlit's components of the second kind are called with. */
interface Mounted {
  data: View;
  parentElement: HTMLElement;
  setTriggerValue(name: "events", value: Message): void;
}

const maps = new WeakMap<HTMLElement, MapView>();

export default function mount({ data, parentElement, setTriggerValue }: Mounted): () => void {
  const send = (message: Message): void => setTriggerValue("events", message);
  const map = maps.get(parentElement) ?? new MapView(parentElement, send);
  maps.set(parentElement, map);
  map.send = send;
  void map.take(data);
  return () => {
    // Streamlit also calls this for a view that the next one overtook while it was mounted: the map goes with its element.
    if (parentElement.isConnected) return;
    map.close();
    maps.delete(parentElement);
  };
}
