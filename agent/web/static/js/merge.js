// The state that a stream of snapshots and deltas describes. A delta replaces sections whole, except `kpi` and `dev`,
// where it carries the changed fields of the changed entries.

const KEYED = ["kpi", "dev"];

export function merge(state, delta) {
  const next = { ...state, ...delta };
  for (const section of KEYED) {
    if (!(section in delta)) continue;
    next[section] = { ...state[section] };
    for (const [id, fields] of Object.entries(delta[section])) {
      next[section][id] = { ...state[section][id], ...fields };
    }
  }
  return next;
}
