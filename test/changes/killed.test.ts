import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { openIntermediary } from '../support/intermediary.js';
import { emulators } from '../support/running-emulator.js';
import { textOf } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { changesOf, type Host, startHost, stateDirectory, undoUntilAccepted } from './hosts.js';

const RENAME = { ResourceType: 'key', RenameTagKeys: [{ From: 'temp', To: 'tmp' }], Where: [{ TagKey: 'temp' }] };

const start = emulators();
let program: BuiltProgram;

beforeAll(async () => {
  program = await buildProgram('src/cli/main.ts');
});
afterAll(() => program.remove());

async function planned(host: Host, args: Readonly<Record<string, unknown>>) {
  const plan = await host.call('plan_change', args);
  return { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') };
}

/** Keys that have lost the value that their `temp` had: it is under neither key. */
function withoutValue({ tagsOf }: Emulator, values: ReadonlyMap<string, string | undefined>): string[] {
  return [...values].flatMap(([id, value]) => {
    const { temp, tmp } = tagsOf('key', id) ?? {};
    return temp === value || tmp === value ? [] : [id];
  });
}

function valuesOf(emulator: Emulator, ids: readonly string[]): ReadonlyMap<string, string | undefined> {
  return new Map(ids.map((id) => [id, emulator.tagsOf('key', id)?.['temp']]));
}

describe('a server killed with -9 in the middle of a run', { timeout: 60_000 }, () => {
  /** A run of 600 keys, killed after its third request, and another server on the same state directory. */
  async function killedRun() {
    const all = keyIds(1, 600);
    const emulator = await start({ keys: 600 });
    const directory = await stateDirectory();
    const before = tagsOfAll({ emulator }, all);
    const first = await startHost(program.path, emulator, directory);
    const run = first.call('apply_plan', await planned(first, REMOVE_TEMP));
    run.catch(() => undefined);
    while (emulator.count('UntagResources') < 3) await new Promise((resolve) => setImmediate(resolve));
    await first.kill();
    await expect(run).rejects.toThrow();
    const left = stillTagged({ emulator }, all).length;
    expect(left).toBeLessThan(600);
    expect(left).toBeGreaterThan(0);
    const second = await startHost(program.path, emulator, directory);
    const changes = await changesOf(second);
    expect(changes).toEqual([expect.objectContaining({ State: 'interrupted', Resources: 600, Tool: 'apply_plan' })]);
    const isAsBefore = (): void => expect(tagsOfAll({ emulator }, all)).toEqual(before);
    return {
      second,
      left,
      ChangeId: changes[0]?.ChangeId ?? '',
      isAsBefore,
      tagged: () => stillTagged({ emulator }, all),
    };
  }

  it('leaves a journal that tells; undo restores, and a new plan finishes the rest', async () => {
    const { second, left, ChangeId, isAsBefore, tagged } = await killedRun();
    const undo = await second.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Status: 'done', Restored: 600 - left, Skipped: 0, Unverified: 0 });
    isAsBefore();
    const end = await second.call('apply_plan', await planned(second, REMOVE_TEMP));
    expect(end.structured).toMatchObject({ Status: 'done', Changed: 600 });
    expect(tagged()).toEqual([]);
  });

  it('leaves a journal that tells; a new plan finishes the rest, and undo of both restores all', async () => {
    const { second, left, ChangeId, isAsBefore, tagged } = await killedRun();
    const end = await second.call('apply_plan', await planned(second, REMOVE_TEMP));
    expect(end.structured).toMatchObject({ Status: 'done', Changed: left });
    expect(tagged()).toEqual([]);
    // What the killed run had written down, and not sent, is as it wanted it, too: nobody can tell by whom.
    const undo = await second.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Status: 'done', Skipped: 0, Unverified: 0 });
    expect(tagged().length).toBeGreaterThanOrEqual(600 - left);
    const rest = await second.call('undo_change', { ChangeId: textOf(end, 'ChangeId') });
    expect(rest.structured).toMatchObject({ Status: 'done', Skipped: 0, Unverified: 0 });
    isAsBefore();
  });

  it.each([
    ['before the answer to the first setting', 'TagResources', 'before'],
    ['while it looks whether the new tags are there', 'ListTagResources', 'after'],
    ['after the first removal was made', 'UntagResources', 'after'],
  ])('of a renaming, %s, loses no value, and undo is complete', async (_, action, when) => {
    const all = keyIds(1, 120);
    const emulator = await startEmulator({ keys: 120 });
    const between = await openIntermediary(emulator.endpoint);
    onTestFinished(async () => {
      await between.close();
      await emulator.close();
    });
    const directory = await stateDirectory();
    const before = tagsOfAll({ emulator }, all);
    const values = valuesOf(emulator, all);
    const first = await startHost(program.path, emulator, directory, between.endpoint);
    const plan = await planned(first, RENAME);
    let isSet = false;
    let killed: Promise<void> | undefined;
    const lost: string[] = [];
    between.handle(async (passing) => {
      const isIt = passing.action === action && (isSet || action === 'TagResources');
      if (isIt && when === 'after') await passing.forward();
      else if (!isIt || when === 'before') {
        const reply = await passing.forward();
        if (passing.action === 'TagResources') isSet = true;
        lost.push(...withoutValue(emulator, values));
        if (!isIt) return reply;
      }
      killed ??= first.kill();
      await killed;
      return undefined;
    });
    await expect(first.call('apply_plan', plan)).rejects.toThrow();
    await killed;
    expect(emulator.count('TagResources')).toBeGreaterThan(0);
    expect([...lost, ...withoutValue(emulator, values)]).toEqual([]);
    between.handle((passing) => passing.forward());

    const second = await startHost(program.path, emulator, directory);
    const [change] = await changesOf(second);
    expect(change).toMatchObject({ State: 'interrupted', Tool: 'apply_plan' });
    const undo = await undoUntilAccepted(second, change?.ChangeId ?? '');
    expect(undo.structured).toMatchObject({ Status: 'done', Unverified: 0 });
    expect(tagsOfAll({ emulator }, all)).toEqual(before);
    expect(withoutValue(emulator, values)).toEqual([]);
  });
});
