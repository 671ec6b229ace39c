import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal, type Journal } from '../../src/journal/journal.js';
import { codeOf, ERAS, expectRefusal, KEY, SAMPLE_TAGS, SECRET } from '../support/reply.js';
import { openSession, temporaryDirectory } from '../support/session.js';

const REMOVAL = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };
const listing = z.object({ Changes: z.array(z.object({ ChangeId: z.string() })) });

describe('list_changes', () => {
  it.each(ERAS)('lists changes, newest first, on the %s era', async (era) => {
    const { call, emulator } = await openSession({ era });
    const first = await call('untag_resource', { ...KEY, TagKeys: ['tagkey1', 'tagkey2'] });
    const second = await call('tag_resource', { ...SECRET, Tags: [{ TagKey: 'env', TagValue: 'prod' }] });
    const { structured, text } = await call('list_changes');
    const setting = `Set "env" to "prod" on secret "MyDbCredentials" in cn-hangzhou of account ${emulator.accountId}`;
    const removal = `Remove "tagkey1" and "tagkey2" from key "${KEY.KeyId}" in cn-hangzhou of account ${emulator.accountId}`;
    expect(structured['Changes']).toEqual([
      {
        ChangeId: second.structured['ChangeId'],
        Time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        Tool: 'tag_resource',
        Change: setting,
        State: 'done',
        Resources: 1,
        AccountId: emulator.accountId,
      },
      expect.objectContaining({ ChangeId: first.structured['ChangeId'], Change: removal }),
    ]);
    const [head, newest, oldest] = text.split('\n');
    expect(head).toBe('2 changes, newest first.');
    expect(newest).toContain(`${second.structured['ChangeId']} done: ${JSON.stringify(setting)} ("tag_resource", `);
    expect(oldest).toContain(`${first.structured['ChangeId']} done: ${JSON.stringify(removal)} ("untag_resource", `);
  });

  it('says so when there are none, and makes no directory for that', async () => {
    const { call } = await openSession({ stateDirectory: '/nonexistent/kms-tags' });
    const { structured, text } = await call('list_changes');
    expect(structured).toEqual({ Changes: [], Message: 'No changes yet.' });
    expect(text).toBe('No changes yet.');
  });

  it.each([
    { Limit: 2, shows: 2 },
    { Limit: '3', shows: 3 },
    { Limit: null, shows: 4 },
  ])('shows $shows changes for Limit $Limit', async ({ Limit, shows }) => {
    const { call } = await openSession();
    for (let n = 0; n < 4; n += 1) await call('untag_resource', { ...KEY, TagKeys: [`k${n}`] });
    const { structured } = await call('list_changes', { Limit });
    expect(structured['Changes']).toHaveLength(shows);
  });

  it('lists a refused change as one that did nothing', async () => {
    const { call } = await openSession({ args: ['--no-snapshot'] });
    expect(codeOf(await call('untag_resource', { KeyId: 'unknown', TagKeys: ['a'] }))).toBe('Forbidden.KeyNotFound');
    expect((await call('list_changes')).structured['Changes']).toMatchObject([{ State: 'nothing_done' }]);
  });

  it('keeps its text below 10,000 characters, whatever the keys hold, and loses no change', async () => {
    const { call } = await openSession({ args: ['--no-snapshot'] });
    const TagKeys = Array.from({ length: 5 }, (_, n) => `${'"'.repeat(127)}${n}`);
    for (let n = 0; n < 12; n += 1) await call('untag_resource', { ...KEY, TagKeys });
    const ids: unknown[] = [];
    let NextToken: unknown;
    do {
      const { structured, text } = await call('list_changes', { Limit: 5, NextToken });
      expect(text.length).toBeLessThan(10_000);
      const { Changes } = listing.parse(structured);
      expect(text.split('\n')).toHaveLength(1 + Changes.length);
      ids.push(...Changes.map(({ ChangeId }) => ChangeId));
      NextToken = structured['NextToken'];
    } while (NextToken !== undefined);
    expect(ids).toHaveLength(12);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
  });

  it('passes over files that are not changes, and over torn ones', async () => {
    const { call, stateDirectory } = await openSession();
    await call('untag_resource', { ...KEY, TagKeys: ['tagkey1'] });
    await writeFile(join(stateDirectory, '20990101T000000000Z-00000000.jsonl'), '{"V":1,"ChangeId":"2099');
    await writeFile(join(stateDirectory, 'notes.txt'), 'hello');
    const { structured } = await call('list_changes');
    expect(structured['Changes']).toMatchObject([{ Tool: 'untag_resource', State: 'done' }]);
  });
});

describe('when the journal cannot be written', () => {
  it.each([
    { tool: 'untag_resource', args: { ...KEY, TagKeys: ['tagkey1'] } },
    { tool: 'tag_resource', args: { ...KEY, Tags: [{ TagKey: 'owner', TagValue: 'bob' }] } },
  ])('$tool changes nothing and says why', async ({ tool, args }) => {
    const file = join(await temporaryDirectory(), 'a-file');
    await writeFile(file, '');
    const { call, emulator, writes } = await openSession({ stateDirectory: join(file, 'state') });
    const reply = await call(tool, args);
    expectRefusal(reply, 'JOURNAL_UNAVAILABLE');
    expect(reply.text).toContain('(ENOTDIR)');
    expect(writes()).toBe(0);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  });

  it('plan_change gives no plan, since it could not be kept', async () => {
    const file = join(await temporaryDirectory(), 'a-file');
    await writeFile(file, '');
    const { call, writes } = await openSession({ stateDirectory: join(file, 'state') });
    expectRefusal(await call('plan_change', REMOVAL), 'JOURNAL_UNAVAILABLE');
    expect(writes()).toBe(0);
  });

  it('apply_plan applies no plan', async () => {
    const first = await openSession();
    const plan = await first.call('plan_change', REMOVAL);
    const { emulator } = first;
    const journal = { ...(await journalThatCannotBeWritten()), readPlan: first.deps.journal.readPlan };
    const second = await openSession({ emulator, tune: (deps) => ({ ...deps, journal }) });
    const { PlanId, Change } = plan.structured;
    expectRefusal(await second.call('apply_plan', { PlanId, Change }), 'JOURNAL_UNAVAILABLE');
    expect(second.writes()).toBe(0);
  });

  it('undo_change changes nothing', async () => {
    const first = await openSession();
    const removed = await first.call('untag_resource', { ...KEY, TagKeys: ['owner'] });
    // What was written can be read; nothing more can be written.
    const journal = { ...(await journalThatCannotBeWritten()), read: first.deps.journal.read };
    const { emulator } = first;
    const second = await openSession({ emulator, tune: (deps) => ({ ...deps, journal }) });
    const reply = await second.call('undo_change', { ChangeId: removed.structured['ChangeId'] });
    expectRefusal(reply, 'JOURNAL_UNAVAILABLE');
    expect(emulator.count('TagResource')).toBe(0);
  });
});

async function journalThatCannotBeWritten(): Promise<Journal> {
  const file = join(await temporaryDirectory(), 'a-file');
  await writeFile(file, '');
  return changeJournal(fileJournalStore(join(file, 'state')));
}
