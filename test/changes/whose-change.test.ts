import { describe, expect, it, onTestFinished } from 'vitest';
import { type AccountData, type Emulator, startEmulator } from '../../emulator/index.js';
import { temporaryDirectory } from '../support/session.js';
import { openWorkbench, planAndApply, textOf, type Workbench, type WorkbenchOptions } from '../support/workbench.js';

const SECRET = { SecretName: 'db/main', Tags: { owner: 'of-account-a', temp: 'x' } };
const ACCOUNT_A = '1111111111111111';
const ACCOUNT_B = '2222222222222222';

/** A workbench for one test on a state directory that others share. */
async function benchOf(emulator: Emulator, directory: string, more: WorkbenchOptions = {}): Promise<Workbench> {
  const bench = await openWorkbench({ emulator, stateDirectory: directory, ...more });
  onTestFinished(() => bench.close());
  return bench;
}

async function emulatorOf(data: AccountData, port = 0): Promise<Emulator> {
  const emulator = await startEmulator({ data, port });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Two accounts with a secret of the same name, and a server for each, on one state directory. */
async function twoAccounts(more: WorkbenchOptions = {}) {
  const directory = await temporaryDirectory();
  const own = await emulatorOf({ AccountId: ACCOUNT_A, secrets: [SECRET] });
  const other = await emulatorOf({
    AccountId: ACCOUNT_B,
    secrets: [{ ...SECRET, Tags: { owner: 'of-account-b', temp: 'x' } }],
  });
  const a = await benchOf(own, directory, more);
  const b = await benchOf(other, directory, more);
  const tagsOfB = () => other.tagsOf('secret', SECRET.SecretName);
  return { a, b, tagsOfB };
}

const untag = { SecretName: SECRET.SecretName, TagKeys: ['owner'] };
const REMOVE = { ResourceType: 'secret', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };

describe('a change that was made in one account', () => {
  it.each<[string, (bench: Workbench) => Promise<string>]>([
    ['a removal', async (bench) => textOf(await bench.call('untag_resource', untag), 'ChangeId')],
    [
      'a setting',
      async (bench) => {
        const Tags = [{ TagKey: 'owner', TagValue: 'new' }];
        return textOf(await bench.call('tag_resource', { SecretName: SECRET.SecretName, Tags }), 'ChangeId');
      },
    ],
    ['a plan', async (bench) => textOf((await planAndApply(bench, REMOVE)).applied, 'ChangeId')],
    [
      'an undo',
      async (bench) => {
        const ChangeId = textOf(await bench.call('untag_resource', untag), 'ChangeId');
        return textOf(await bench.call('undo_change', { ChangeId }), 'ChangeId');
      },
    ],
  ])('is not listed, not shown and not undone in another: %s', async (_, change) => {
    const { a, b, tagsOfB } = await twoAccounts();
    const ChangeId = await change(a);
    // The tags are as the change left them, so that nothing but the account keeps an undo from writing.
    const before = tagsOfB();
    expect((await b.call('list_changes', {})).structured['Changes']).toEqual([]);
    for (const [tool, args] of [
      ['undo_change', { ChangeId }],
      ['undo_change', { ChangeId, ResourceIds: [SECRET.SecretName] }],
      ['list_changes', { ChangeId }],
    ] as const) {
      const answer = await b.call(tool, args);
      expect(answer.text).toMatch(/^CHANGE_NOT_FOUND: .*made under other credentials.*Nothing was changed\./);
    }
    expect(tagsOfB()).toEqual(before);
    expect(b.emulator.requests.filter(({ action }) => /^(Un)?[tT]agResources?$/.test(action))).toEqual([]);
    // Its own account still has it.
    expect((await a.call('undo_change', { ChangeId })).structured).toMatchObject({ Status: 'done' });
  });

  it('is not undone in another where its tags look as the change left them', async () => {
    const { a, b, tagsOfB } = await twoAccounts();
    const ChangeId = textOf(await a.call('untag_resource', untag), 'ChangeId');
    b.emulator.removeTag('secret', SECRET.SecretName, 'owner');
    expect((await b.call('undo_change', { ChangeId })).text).toMatch(/^CHANGE_NOT_FOUND: /);
    expect(tagsOfB()).toEqual({ temp: 'x' });
  });

  it('says in its results and in the list whose it is', async () => {
    const { a, b } = await twoAccounts();
    const { plan, applied } = await planAndApply(a, REMOVE);
    expect(textOf(plan, 'Change')).toContain(`of account ${ACCOUNT_A}`);
    expect(textOf(applied, 'AccountId')).toBe(ACCOUNT_A);
    expect(textOf(await b.call('untag_resource', untag), 'AccountId')).toBe(ACCOUNT_B);
    const own = { AccountId: ACCOUNT_A, Change: textOf(plan, 'Change') };
    expect((await a.call('list_changes', {})).structured['Changes']).toEqual([expect.objectContaining(own)]);
  });

  it('and a plan that was made there does not serve in another', async () => {
    const { a, b, tagsOfB } = await twoAccounts();
    const plan = await a.call('plan_change', REMOVE);
    const args = { PlanId: textOf(plan, 'PlanId'), Change: textOf(plan, 'Change') };
    const answer = await b.call('apply_plan', args);
    expect(answer.text).toMatch(/^PLAN_EXPIRED: .*other credentials, for another account.*Nothing was changed\./);
    expect(tagsOfB()).toMatchObject({ temp: 'x' });
    expect((await a.call('apply_plan', args)).structured).toMatchObject({ Status: 'done', Changed: 1 });
  });

  it('is told from those of another by endpoint and access key where nobody can be asked whose they are', async () => {
    const { a, b, tagsOfB } = await twoAccounts();
    for (const { emulator } of [a, b]) {
      emulator.setFaults({ actions: ['GetCallerIdentity'], probabilities: { error500: 1 } });
    }
    const ChangeId = textOf(await a.call('untag_resource', untag), 'ChangeId');
    expect((await a.call('list_changes', {})).structured['Changes']).toHaveLength(1);
    expect((await b.call('list_changes', {})).structured['Changes']).toEqual([]);
    const before = tagsOfB();
    expect((await b.call('undo_change', { ChangeId })).text).toMatch(/^CHANGE_NOT_FOUND: /);
    expect(tagsOfB()).toEqual(before);
    expect((await a.call('undo_change', { ChangeId })).structured).toMatchObject({ Status: 'done', Restored: 1 });
  });

  it('belongs to it also when it is made under another access key of the same account', async () => {
    const directory = await temporaryDirectory();
    const emulator = await emulatorOf({ AccountId: ACCOUNT_A, secrets: [SECRET] });
    const first = await benchOf(emulator, directory);
    const ChangeId = textOf(await first.call('untag_resource', untag), 'ChangeId');
    emulator.rotateAccessKey({ accessKeyId: 'another', accessKeySecret: 'secret' });
    const second = await benchOf(emulator, directory);
    expect((await second.call('list_changes', {})).structured['Changes']).toHaveLength(1);
    expect((await second.call('undo_change', { ChangeId })).structured).toMatchObject({ Status: 'done', Restored: 1 });
  });

  it('is looked up anew when the credentials of a running server change to another account', async () => {
    const directory = await temporaryDirectory();
    const own = await emulatorOf({ AccountId: ACCOUNT_A, secrets: [SECRET] });
    const first = await benchOf(own, directory);
    const ChangeId = textOf(await first.call('untag_resource', untag), 'ChangeId');
    const { endpoint } = own;
    await own.close();
    // The same endpoint, and another account behind it: only the access key tells.
    const port = Number(new URL(endpoint).port);
    const other = await startEmulator({
      data: { AccountId: ACCOUNT_B, secrets: [{ ...SECRET, Tags: { temp: 'x' } }] },
      port,
      accessKeyId: 'of-b',
    });
    onTestFinished(() => other.close());
    const second = await benchOf(other, directory);
    expect((await second.call('undo_change', { ChangeId })).text).toMatch(/^CHANGE_NOT_FOUND: /);
    expect(other.tagsOf('secret', SECRET.SecretName)).toEqual({ temp: 'x' });
  });
});

describe('an alias that points to another key by the time of the undo', () => {
  const KEY_A = { KeyId: 'key-a', Tags: { owner: 'alice' } };
  const KEY_B = { KeyId: 'key-b', Tags: { team: 'bob' } };
  const ALIAS = 'alias/main';

  it.each<[string, string, (bench: Workbench, name: string) => Promise<string>, Readonly<Record<string, string>>]>([
    [
      'a setting by alias',
      ALIAS,
      async (bench, KeyId) => {
        const Tags = [
          { TagKey: 'owner', TagValue: 'new' },
          { TagKey: 'team', TagValue: 'bob' },
        ];
        return textOf(await bench.call('tag_resource', { KeyId, Tags }), 'ChangeId');
      },
      { owner: 'new', team: 'bob' },
    ],
    [
      "a setting by the alias's ARN",
      `acs:kms:cn-hangzhou:${ACCOUNT_A}:${ALIAS}`,
      async (bench, KeyId) => {
        const Tags = [{ TagKey: 'team', TagValue: 'bob' }];
        return textOf(await bench.call('tag_resource', { KeyId, Tags }), 'ChangeId');
      },
      { owner: 'alice', team: 'bob' },
    ],
    [
      'a removal by alias',
      ALIAS,
      async (bench, KeyId) => textOf(await bench.call('untag_resource', { KeyId, TagKeys: ['owner'] }), 'ChangeId'),
      {},
    ],
    [
      'a plan by alias',
      ALIAS,
      async (bench, name) => {
        const args = { ResourceType: 'key', RemoveTagKeys: ['owner'], ResourceIds: [name] };
        return textOf((await planAndApply(bench, args)).applied, 'ChangeId');
      },
      {},
    ],
  ])('does not lead it astray: %s', async (_, name, change, made) => {
    const directory = await temporaryDirectory();
    const emulator = await emulatorOf({ AccountId: ACCOUNT_A, keys: [{ ...KEY_A, Alias: ALIAS }, KEY_B] });
    const first = await benchOf(emulator, directory);
    const ChangeId = await change(first, name);
    expect(emulator.tagsOf('key', 'key-a')).toEqual(made);
    const port = Number(new URL(emulator.endpoint).port);
    await emulator.close();
    // The same account later, in which somebody has pointed the alias to the other key.
    const later = await emulatorOf(
      {
        AccountId: ACCOUNT_A,
        keys: [
          { ...KEY_A, Tags: made },
          { ...KEY_B, Alias: ALIAS },
        ],
      },
      port,
    );
    const second = await benchOf(later, directory);
    const undo = await second.call('undo_change', { ChangeId });
    expect(undo.structured).toMatchObject({ Status: 'done', Skipped: 0 });
    expect(later.tagsOf('key', 'key-a')).toEqual(KEY_A.Tags);
    expect(later.tagsOf('key', 'key-b')).toEqual(KEY_B.Tags);
  });

  it('is acted on by name, with earlier values unknown, where the credentials may not look it up', async () => {
    const emulator = await startEmulator({ data: { keys: [{ ...KEY_A, Alias: ALIAS }] }, deny: ['DescribeKey'] });
    onTestFinished(() => emulator.close());
    const bench = await benchOf(emulator, await temporaryDirectory());
    const Tags = [{ TagKey: 'owner', TagValue: 'new' }];
    const set = await bench.call('tag_resource', { KeyId: ALIAS, Tags });
    expect(set.isError).toBe(false);
    expect(set.text).toContain('Earlier values are unknown');
    expect(emulator.tagsOf('key', 'key-a')).toEqual({ owner: 'new' });
    const undo = await bench.call('undo_change', { ChangeId: textOf(set, 'ChangeId') });
    expect(undo.structured).toMatchObject({ Restored: 0, Skipped: 1 });
    expect(emulator.tagsOf('key', 'key-a')).toEqual({ owner: 'new' });
  });
});
