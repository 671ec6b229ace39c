import { onTestFinished } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { type Gate, openGate } from '../faults/gate.js';
import { openWorkbench, type Workbench, type WorkbenchOptions } from '../support/workbench.js';

/** Removes `temp` from all keys that carry it. */
export const REMOVE_TEMP = {
  ResourceType: 'key',
  RemoveTagKeys: ['temp'],
  Where: [{ TagKey: 'temp' }],
} as const;

/** Key ids of the generated account, from number `from` up to and including `to`. */
export function keyIds(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `key-${String(from + index).padStart(6, '0')}`);
}

/** Those of `ids` that carry `temp`. */
export function stillTagged({ emulator }: Pick<Workbench, 'emulator'>, ids: readonly string[]): string[] {
  return ids.filter((id) => Object.hasOwn(emulator.tagsOf('key', id) ?? {}, 'temp'));
}

/** All tags of all `ids`. */
export function tagsOfAll({ emulator }: Pick<Workbench, 'emulator'>, ids: readonly string[]): unknown {
  return ids.map((id) => emulator.tagsOf('key', id));
}

export interface GatedBench extends Workbench {
  readonly gate: Gate;
}

/** A workbench with a gate before its emulator, for one test. */
export async function gatedBench(
  emulatorOptions: EmulatorOptions,
  options: Omit<WorkbenchOptions, 'emulator' | 'endpoint'> = {},
): Promise<GatedBench> {
  const emulator: Emulator = await startEmulator(emulatorOptions);
  const gate = await openGate(emulator.endpoint);
  const bench = await openWorkbench({ ...options, emulator, endpoint: gate.endpoint });
  onTestFinished(async () => {
    await bench.close();
    await gate.close();
    await emulator.close();
  });
  return { ...bench, gate };
}
