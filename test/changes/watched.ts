import { onTestFinished } from 'vitest';
import { type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { type Intermediary, openIntermediary } from '../support/intermediary.js';
import { openWorkbench, type Workbench, type WorkbenchOptions } from '../support/workbench.js';

export interface WatchedBench extends Workbench {
  readonly between: Intermediary;
}

/** A workbench with somebody between it and its emulator, for one test. */
export async function watchedBench(
  emulatorOptions: EmulatorOptions,
  options: Omit<WorkbenchOptions, 'emulator' | 'endpoint'> = {},
): Promise<WatchedBench> {
  const emulator = await startEmulator(emulatorOptions);
  const between = await openIntermediary(emulator.endpoint);
  const bench = await openWorkbench({ ...options, emulator, endpoint: between.endpoint });
  onTestFinished(async () => {
    await bench.close();
    await between.close();
    await emulator.close();
  });
  return { ...bench, between };
}

export const WRITES: ReadonlySet<string> = new Set(['TagResource', 'UntagResource', 'TagResources', 'UntagResources']);
