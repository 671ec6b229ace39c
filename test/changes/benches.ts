import { afterEach } from 'vitest';
import { openWorkbench, type Workbench, type WorkbenchOptions } from '../support/workbench.js';

/** Gives a function that opens workbenches; each is closed after the test that opened it. */
export function workbenches(): (options?: WorkbenchOptions) => Promise<Workbench> {
  const open: Workbench[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bench) => bench.close()));
  });
  return async (options) => {
    const bench = await openWorkbench(options);
    open.push(bench);
    return bench;
  };
}
