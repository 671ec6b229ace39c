import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tagStates } from '../../src/journal/change.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal } from '../../src/journal/journal.js';
import { decodeRecord, encodeRecord } from '../../src/journal/record.js';

describe('change ids', () => {
  it('sort as the changes were made, within one millisecond and with a clock that is set back', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'journal-order-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const times = [5_000, 5_000, 5_000, 4_000, 6_000];
    const journal = changeJournal({ store: fileJournalStore(directory), now: () => times.shift() ?? 0 });
    const items = [{ resourceId: 'key-1', before: undefined, after: tagStates([['temp', null]]) }];
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) {
      const change = await journal.begin({
        tool: 'untag_resource',
        regionId: 'cn-hangzhou',
        resourceType: 'key',
        items,
      });
      ids.push(change.changeId);
      await change.end('done');
    }
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(5);
  });
});

describe('a line of the journal', () => {
  it.each(['\u2028', '\u2029', '\n', '\r'])('has no line end inside, and gives %j back as it was', (end) => {
    const items = [{ resourceId: `a${end}b`, before: tagStates([[`k${end}`, `v${end}`]]), after: tagStates([]) }];
    const line = encodeRecord({ items });
    expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
    expect(decodeRecord(line, true)).toEqual({ items });
  });
});
