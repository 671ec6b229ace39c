import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal, type Journal } from '../../src/journal/journal.js';
import { decodeRecord, encodeRecord } from '../../src/journal/record.js';
import { tagStates } from '../../src/journal/tag-states.js';

const ACCOUNT = { id: '1234567890123456', origin: 'origin' };
const READER = { principal: { subject: undefined, seesAll: true }, account: ACCOUNT };

async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'journal-order-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

async function makeChange(journal: Journal): Promise<string> {
  const header = {
    tool: 'untag_resource',
    sentence: 'Remove "temp" from key "key-1"',
    resourceType: 'key',
    resources: 1,
    account: ACCOUNT,
  } as const;
  const after = tagStates([['temp', null]]);
  const change = await journal.begin(header, [{ regionId: 'cn-hangzhou', ids: ['key-1'], before: undefined, after }]);
  await change.end('done');
  return change.changeId;
}

describe('change ids', () => {
  it('sort as the changes were made, within one millisecond and with a clock that is set back', async () => {
    const times = [5_000, 4_000, 5_000, 6_000];
    const clock = { ...systemClock, now: () => times.shift() ?? 0 };
    const journal = changeJournal(fileJournalStore(await stateDirectory()), clock);
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) ids.push(await makeChange(journal));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(5);
  });

  it('sort after those that a clock of another year made, so that the newest change is listed first and pruned last', async () => {
    const directory = await stateDirectory();
    const limits = { changes: 20, bytes: 1_000_000 };
    const wrong = changeJournal(fileJournalStore(directory, { limits }), {
      ...systemClock,
      now: () => Date.UTC(2099, 0, 1),
    });
    for (let made = 0; made < 20; made += 1) await makeChange(wrong);
    const right = changeJournal(fileJournalStore(directory, { limits }), systemClock);
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.push(await makeChange(right));
    const { changes } = await right.list({ ...READER, limit: 5 });
    expect(changes.map(({ changeId }) => changeId)).toEqual(made.reverse());
    expect(changes[0]?.time.slice(0, 4)).toBe(new Date().toISOString().slice(0, 4));
  });

  it('are refused where the newest one there is cannot be read', async () => {
    const directory = join(await stateDirectory(), 'file');
    await writeFile(directory, '');
    await expect(makeChange(changeJournal(fileJournalStore(directory)))).rejects.toMatchObject({
      code: 'JOURNAL_UNAVAILABLE',
    });
  });
});

describe('a line of the journal', () => {
  it.each(['\u2028', '\u2029', '\n', '\r'])('has no line end inside, and gives %j back as it was', (end) => {
    const before = tagStates([[`k${end}`, `v${end}`]]);
    const group = { regionId: 'cn-hangzhou', ids: [`a${end}b`], before, after: tagStates([[`k${end}`, null]]) };
    const line = encodeRecord({ group });
    expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
    expect(decodeRecord(line, true)).toEqual({ group });
  });
});
