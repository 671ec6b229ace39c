import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { seeded } from '../faults/seeded.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { openIntermediary } from '../support/intermediary.js';
import { emulators } from '../support/running-emulator.js';
import { textOf } from '../support/workbench.js';
import { keyIds, REMOVE_TEMP, stillTagged, tagsOfAll } from './gated.js';
import { changesOf, type Host, pause, startHost, stateDirectory, undoUntilAccepted } from './hosts.js';
import { WRITES } from './watched.js';

/** Kills at random moments; a campaign sets more. */
const KILLS = Number(process.env['KMS_TAGS_KILLS'] ?? 4);
const FIRST_SEED = Number(process.env['KMS_TAGS_SEED'] ?? 1);
/** Programs at once. */
const AT_ONCE = 3;
const KEYS = 300;
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

/** One kill at a random moment of a removal, a renaming, or an undo; gives what was wrong afterwards. */
async function killOnce(seed: number): Promise<string[]> {
  const random = seeded(seed);
  const what = random.pick(['removal', 'renaming', 'undo of a removal', 'undo of a renaming'] as const);
  const all = keyIds(1, KEYS);
  const emulator = await startEmulator({ keys: KEYS });
  try {
    const directory = await stateDirectory();
    const before = tagsOfAll({ emulator }, all);
    const values = valuesOf(emulator, all);
    const first = await startHost(program.path, emulator, directory);
    const isRenaming = what.endsWith('renaming');
    const plan = await planned(first, isRenaming ? RENAME : REMOVE_TEMP);
    const isUndo = what.startsWith('undo');
    const ChangeId = isUndo ? textOf(await first.call('apply_plan', plan), 'ChangeId') : '';
    // So that a run takes long enough to be hit anywhere.
    emulator.setFaults({ actions: [...WRITES, 'ListTagResources'], probabilities: { slow: 1 }, slowMs: 20 });
    const run = isUndo ? first.call('undo_change', { ChangeId }) : first.call('apply_plan', plan);
    run.catch(() => undefined);
    await pause(random.next() * (isRenaming ? 400 : 250));
    await first.kill();
    // What was on its way to KMS arrives.
    await pause(60);
    emulator.setFaults(undefined);
    const lost = isRenaming ? withoutValue(emulator, values) : [];

    const second = await startHost(program.path, emulator, directory);
    const problems = lost.map((id) => `${id} lost its value`);
    const changes = await changesOf(second);
    // The newest first: what an undo that was cut off began is undone, and then the change itself.
    for (const change of isUndo ? changes.slice(-1) : changes) {
      const undo = await undoUntilAccepted(second, change.ChangeId);
      if (undo.structured['Status'] !== 'done') problems.push(undo.text);
    }
    if (JSON.stringify(tagsOfAll({ emulator }, all)) !== JSON.stringify(before)) problems.push('not as before');
    return problems.map((problem) => `seed ${seed}, ${what}: ${problem}`);
  } finally {
    await emulator.close();
  }
}

describe('a server killed with -9 at random moments of removals, renamings and undos', () => {
  it(`loses no value, and undo is complete, ${KILLS} times`, { timeout: 60_000 + KILLS * 10_000 }, async () => {
    const wrong: string[] = [];
    const seeds = Array.from({ length: KILLS }, (_, index) => FIRST_SEED + index).values();
    const worker = async (): Promise<void> => {
      for (const seed of seeds) {
        wrong.push(...(await killOnce(seed).catch((error: unknown) => [`seed ${seed} broke off: ${String(error)}`])));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // Again with KMS_TAGS_KILLS=1 KMS_TAGS_SEED=<seed>.
    expect(wrong).toEqual([]);
  });
});
