// Test only: pieces of evidence in the server's shapes, from a seeded random walk.

export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const iso = (ms) => new Date(ms).toISOString();

export function wave({ from, to, every = 10, before, after, onset, noise = 0.1, seed = 1, gapAt = null }) {
  const chance = seeded(seed);
  const times = [];
  const values = [];
  for (let t = from; t <= to; t += every * 1000) {
    const rise = Math.min(1, Math.max(0, (t - onset) / 60_000));
    const base = before + (after - before) * rise;
    times.push(t / 1000);
    values.push(gapAt !== null && t >= gapAt && t < gapAt + 90_000 ? null : base * (1 + noise * (chance() - 0.5)));
  }
  return { times, values };
}

export function metric({ id, title, says, query, service, unit, series, window, onset, low, high, limit = null }) {
  return {
    id, source: "scrape", kind: "metric", title, says, query, window, service, unit,
    series: series.map((one) => ({ name: one.name, service: one.service ?? service, unit, labels: one.labels ?? {}, times: one.times, values: one.values })),
    patterns: [], changes: [], edges: [], onset, normal_low: low, normal_high: high, limit, flagged: [],
  };
}

export function logs({ id, title, says, query, service, window, onset, patterns }) {
  return { id, source: "logfiles", kind: "log", title, says, query, window, service, unit: "", series: [], patterns, changes: [], edges: [], onset, normal_low: null, normal_high: null, limit: null, flagged: [] };
}

export function changes({ id, title, says, query, service, window, onset, list }) {
  return { id, source: "changes", kind: "change", title, says, query, window, service, unit: "", series: [], patterns: [], changes: list, edges: [], onset, normal_low: null, normal_high: null, limit: null, flagged: [] };
}

export function topology({ id, title, says, query, service, window, edges }) {
  return { id, source: "scrape", kind: "topology", title, says, query, window, service, unit: "", series: [], patterns: [], changes: [], edges, onset: null, normal_low: null, normal_high: null, limit: null, flagged: [] };
}
