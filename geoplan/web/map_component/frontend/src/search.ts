/** Searching by name among the features that are on the map. */

export interface Named {
  layer: string;
  names: readonly string[];
}

export interface Found {
  layer: string;
  place: number;
  name: string;
}

/** The first `limit` features whose name contains the text: the same name first, then those that begin with it, then the others. */
export function find(text: string, layers: readonly Named[], limit: number): Found[] {
  const wanted = text.trim().toLocaleLowerCase();
  if (!wanted) return [];
  const ranks: Found[][] = [[], [], []];
  for (const { layer, names } of layers) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[place] as string;
      const at = name.toLocaleLowerCase().indexOf(wanted);
      if (at < 0) continue;
      const rank = ranks[at > 0 ? 2 : name.length === wanted.length ? 0 : 1] as Found[];
      if (rank.length < limit) rank.push({ layer, place, name });
    }
  }
  return ranks.flat().slice(0, limit);
}
