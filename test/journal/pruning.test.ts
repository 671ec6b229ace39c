import { link, mkdir, readdir, readFile, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newChangeId } from '../../src/journal/change.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { made, temporaryDirectory } from './disk.js';
import { collect, nextId } from './journal-store.suite.js';

const names = async (directory: string): Promise<string[]> => (await readdir(directory)).sort();

describe('changes that are too many', () => {
  it('go by size, the oldest first, and the newest stays however large it is', async () => {
    const store = fileJournalStore(await temporaryDirectory(), { limits: { changes: 1_000, bytes: 5_000 } });
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push(await made(store, ['x'.repeat(2_000)]));
    await expect.poll(() => collect(store.newest())).toEqual(ids.slice(2).toReversed());
    const large = await made(store, ['x'.repeat(20_000)]);
    await expect.poll(() => collect(store.newest())).toEqual([large]);
  });

  it('go by size, too, where one process after another writes them', async () => {
    const directory = await temporaryDirectory();
    for (let index = 0; index < 10; index += 1) {
      await made(fileJournalStore(directory, { limits: { changes: 100, bytes: 5_000 } }), ['x'.repeat(2_000)]);
    }
    await expect.poll(async () => (await names(directory)).length).toBeLessThanOrEqual(3);
  });

  it('go by what was written when, as names say it, though a clock was wrong once', async () => {
    const store = fileJournalStore(await temporaryDirectory(), { limits: { changes: 2, bytes: 1e9 } });
    // The journal makes ids that sort after every id there is.
    const future = Date.UTC(2099, 11, 31);
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1)
      ids.push(await made(store, ['{}'], newChangeId(future + index, '0000000f')));
    await expect.poll(() => collect(store.newest())).toEqual(ids.slice(2).toReversed());
  });

  it('are looked for by the first change of a process and by every fiftieth', async () => {
    const directory = await temporaryDirectory();
    const old = Date.UTC(2020, 0, 1);
    for (let index = 0; index < 1_010; index += 1) {
      await writeFile(join(directory, `${newChangeId(old + index, '00000001')}.jsonl`), '{}\n');
    }
    const store = fileJournalStore(directory);
    const count = async (): Promise<number> => (await names(directory)).length;
    await made(store);
    await expect.poll(count).toBe(1_000);
    for (let index = 0; index < 49; index += 1) await made(store);
    expect(await count()).toBe(1_049);
    await made(store);
    await expect.poll(count).toBe(1_000);
    expect(await names(directory)).not.toContain(`${newChangeId(old + 60, '00000001')}.jsonl`);
    expect(await names(directory)).toContain(`${newChangeId(old + 61, '00000001')}.jsonl`);
  });

  it('are no files that somebody else keeps there, whatever their names look like', async () => {
    const directory = await temporaryDirectory();
    const theirs = [
      'notes.jsonl',
      '00000000T000000000Z-00000000.txt',
      '00000000T000000000Z-00000000.jsonl.bak',
      '00000000T000000000Z-0000000G.jsonl',
      '00000000T000000000Z-ABCDEF00.jsonl',
      'x00000000T000000000Z-00000000.jsonl',
      '00000000T000000000Z-00000000.lease.txt',
      '00000000.probe',
      '.jsonl',
    ];
    for (const name of theirs) {
      await writeFile(join(directory, name), 'mine');
      await utimes(join(directory, name), 0, 0);
    }
    await mkdir(join(directory, '00000000T000000000Z-00000001.jsonl'));
    await symlink(join(directory, 'notes.jsonl'), join(directory, '00000000T000000000Z-00000002.jsonl'));
    const store = fileJournalStore(directory, { limits: { changes: 1, bytes: 1 } });
    for (let index = 0; index < 3; index += 1) await made(store);
    await expect.poll(() => collect(store.newest())).toHaveLength(1);
    for (const name of theirs) expect(await readFile(join(directory, name), 'utf8')).toBe('mine');
    expect(await names(directory)).toHaveLength(theirs.length + 3);
  });
});

describe('what a killed process left', () => {
  it('goes once nobody can need it: a lease without a change, and a probe of the clock', async () => {
    const directory = await temporaryDirectory();
    const left = [`${nextId()}.lease`, '0123456789abcdef.probe'];
    for (const name of left) await writeFile(join(directory, name), '');
    const first = await made(fileJournalStore(directory));
    await wait(100);
    expect(await names(directory)).toEqual([...left, `${first}.jsonl`].sort());
    for (const name of left) await utimes(join(directory, name), 0, 0);
    const second = await made(fileJournalStore(directory));
    await expect.poll(() => names(directory)).toEqual([`${first}.jsonl`, `${second}.jsonl`].sort());
  });
});

describe('plans and tokens whose time is over', () => {
  const HOUR = 3_600_000;
  async function age(path: string): Promise<void> {
    const { mtimeMs } = await stat(path);
    await utimes(path, (mtimeMs - HOUR) / 1_000, (mtimeMs - HOUR) / 1_000);
  }

  it('are forgotten with the next one of a new process, those whose time is not over are not', async () => {
    const directory = await temporaryDirectory();
    const [spent, plans] = [join(directory, 'spent'), join(directory, 'plans')];
    const store = fileJournalStore(directory);
    for (const ttl of [HOUR / 2, HOUR * 2]) {
      await store.consumeOnce(`token-${ttl}`, ttl);
      await store.putPlan(`plan-${ttl}`, ['{}'], ttl);
    }
    for (const place of [spent, plans]) for (const name of await names(place)) await age(join(place, name));
    const next = fileJournalStore(directory);
    expect(await next.readPlan(`plan-${HOUR / 2}`)).toBeUndefined();
    expect(await next.readPlan(`plan-${HOUR * 2}`)).toBeDefined();
    expect(await next.consumeOnce('new', HOUR)).toBe(true);
    await next.putPlan('new', ['{}'], HOUR);
    await expect.poll(() => names(spent)).toHaveLength(2);
    await expect.poll(() => names(plans)).toHaveLength(2);
    expect(await next.consumeOnce(`token-${HOUR * 2}`, HOUR)).toBe(false);
    expect(await next.consumeOnce(`token-${HOUR / 2}`, HOUR)).toBe(true);
  });

  it('are looked for every ten minutes, not with each token', async () => {
    const directory = await temporaryDirectory();
    let minutes = 0;
    const store = fileJournalStore(directory, { clock: () => minutes * 60_000 });
    const spent = join(directory, 'spent');
    await store.consumeOnce('first', HOUR / 2);
    // The first one looks, too, and nobody waits for that.
    await wait(100);
    const [first = ''] = await names(spent);
    await age(join(spent, first));
    minutes = 9;
    await store.consumeOnce('second', HOUR);
    await wait(100);
    expect(await names(spent)).toHaveLength(2);
    minutes = 10;
    await store.consumeOnce('third', HOUR);
    await expect.poll(() => names(spent)).toHaveLength(2);
    expect(await names(spent)).not.toContain(first);
  });

  it('are no files that somebody else keeps there', async () => {
    const directory = await temporaryDirectory();
    const spent = join(directory, 'spent');
    const digest = '0123456789abcdef'.repeat(4);
    await mkdir(spent, { mode: 0o700 });
    const theirs = ['notes', `${digest}.txt`, digest.toUpperCase(), `${digest}0`, digest.slice(1)];
    for (const name of theirs) await writeFile(join(spent, name), '1\n');
    await mkdir(join(spent, 'f'.repeat(64)));
    await symlink('notes', join(spent, 'e'.repeat(64)));
    for (const name of theirs) await utimes(join(spent, name), 0, 0);
    // Ours, and long over: shows that there was a sweep.
    await writeFile(join(spent, digest), '1\n');
    await utimes(join(spent, digest), 0, 0);
    const before = await names(spent);
    const store = fileJournalStore(directory);
    await store.consumeOnce('token', HOUR);
    await expect.poll(() => names(spent)).not.toContain(digest);
    expect(await names(spent)).toEqual(expect.arrayContaining(before.filter((name) => name !== digest)));
  });

  it('are kept for a day when the disk was full before their time was written', async () => {
    const directory = await temporaryDirectory();
    const spent = join(directory, 'spent');
    const store = fileJournalStore(directory);
    await store.consumeOnce('token', HOUR);
    const [name = ''] = await names(spent);
    await link(join(spent, name), join(directory, 'other'));
    await writeFile(join(directory, 'empty'), '');
    await rename(join(directory, 'empty'), join(spent, name));
    await age(join(spent, name));
    const next = fileJournalStore(directory);
    await next.consumeOnce('another', HOUR);
    await wait(100);
    expect(await next.consumeOnce('token', HOUR)).toBe(false);
  });
});
