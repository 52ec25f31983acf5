/** Orders callers by how far they are from the cause: pure. */

const LAYERS = 4;
const PER_LAYER = 6;

/**
 * Columns of service names: the cause alone, then who calls it, then who calls those.
 *
 * Of `reached`, services that no edge leads to stand in the last column.
 */
export function layersOf(
  edges: readonly (readonly [string, string])[],
  cause: string,
  reached: readonly string[],
): string[][] {
  const wanted = new Set(reached);
  const placed = new Set([cause]);
  const layers: string[][] = [[cause]];
  while (layers.length < LAYERS) {
    const last = new Set(layers.at(-1));
    const next = [...new Set(edges.filter(([, callee]) => last.has(callee)).map(([caller]) => caller))].filter(
      (name) => wanted.has(name) && !placed.has(name),
    );
    if (next.length === 0) break;
    for (const name of next) placed.add(name);
    layers.push(next.slice(0, PER_LAYER));
  }
  const left = reached.filter((name) => !placed.has(name));
  if (left.length > 0) layers.push(left.slice(0, PER_LAYER));
  return layers;
}
