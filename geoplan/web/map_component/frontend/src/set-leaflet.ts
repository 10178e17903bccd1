/** Geoman expects Leaflet under its global name, and adds to it. */

import L from "leaflet";

declare global {
  interface Window {
    L: typeof L;
  }
}

window.L = L;
