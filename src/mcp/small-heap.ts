/** Calls that want it at this moment: the heap is one, and belongs to them all. */
let calls = 0;

/**
 * Does `work` that goes through many megabytes and keeps few. V8 would give each of its two young halves 16 MB and let
 * the old generation double before it looks; a server that idles for days should not stay that large. Costs some
 * more, and shorter, collections. Both flags are read by V8 at each decision, so they act at once and go back after.
 */
export async function withSmallHeap<Value>(work: () => Promise<Value>): Promise<Value> {
  calls += 1;
  if (calls === 1) setFlags(1, 20);
  try {
    return await work();
  } finally {
    calls -= 1;
    // V8's own values.
    if (calls === 0) setFlags(2, 0);
  }
}

function setFlags(youngGrowthFactor: number, oldGrowthPercent: number): void {
  // Fetched when it is needed: what lists the tools must start fast.
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString(`--semi-space-growth-factor=${youngGrowthFactor}`);
  setFlagsFromString(`--heap-growing-percent=${oldGrowthPercent}`);
}
