import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileJournalStore } from '../../src/journal/file-store.js';
import type { JournalStore } from '../../src/journal/store.js';
import { isPosix, isRoot, made, NOBODY, temporaryDirectory } from './disk.js';
import { collect, linesOf, nextId } from './journal-store.suite.js';

const run = promisify(execFile);

async function freshPlace(): Promise<{ readonly store: JournalStore; readonly directory: string }> {
  const directory = join(await temporaryDirectory(), 'state', 'changes');
  return { store: fileJournalStore(directory), directory };
}

/** Everything that a store does, each on a store that has not looked at the directory yet. */
async function codesOfAll(directory: string): Promise<unknown[]> {
  const open = (): JournalStore => fileJournalStore(directory);
  const results = await Promise.allSettled([
    open().create(nextId(), ['{}']),
    open().read(nextId()),
    collect(open().newest()),
    open().putPlan('plan', ['{}'], 60_000),
    open().readPlan('plan'),
    open().consumeOnce('token', 60_000),
  ]);
  return results.map((result) => {
    const error: unknown = result.status === 'rejected' ? result.reason : undefined;
    if (error instanceof Error && error.name === 'StateDirectoryRefused') expect(error.message).not.toContain('/');
    return error instanceof Error && 'code' in error ? error.code : result.status;
  });
}

describe.skipIf(!isPosix)('the state directory', () => {
  it('is made with the first change and not before, for its owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    onTestFinished(() => {
      process.umask(umask);
    });
    const { store, directory } = await freshPlace();
    expect(await collect(store.newest())).toEqual([]);
    expect(await store.read(nextId())).toBeUndefined();
    expect(await store.readPlan('plan')).toBeUndefined();
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    const id = nextId();
    await store.create(id, ['{}']);
    await store.putPlan('plan', ['{}'], 60_000);
    await store.consumeOnce('token', 60_000);
    const modeOf = async (...path: string[]): Promise<string> =>
      ((await stat(join(directory, ...path))).mode & 0o777).toString(8);
    const [[plan = ''], [token = '']] = [
      await readdir(join(directory, 'plans')),
      await readdir(join(directory, 'spent')),
    ];
    const directories = [[], ['plans'], ['spent']];
    const files = [[`${id}.jsonl`], [`${id}.lease`], ['plans', plan], ['spent', token]];
    expect(await Promise.all(directories.map((path) => modeOf(...path)))).toEqual(['700', '700', '700']);
    expect(await Promise.all(files.map((path) => modeOf(...path)))).toEqual(['600', '600', '600', '600']);
    await store.close(id);
    expect((await readdir(directory)).sort()).toEqual([`${id}.jsonl`, 'plans', 'spent']);
  });

  it('names no plan and no token, only digests of them', async () => {
    const { store, directory } = await freshPlace();
    await store.consumeOnce('../../escape', 60_000);
    await store.putPlan('CON', ['{}'], 60_000);
    expect(await readdir(join(directory, 'spent'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(await readdir(join(directory, 'plans'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.jsonl$/)]);
  });

  it('is made again when it was removed while the server runs', async () => {
    const { store, directory } = await freshPlace();
    await made(store);
    await rm(join(directory, '..'), { recursive: true });
    expect(await collect(store.newest())).toEqual([]);
    const id = await made(store);
    await store.putPlan('plan', ['{}'], 60_000);
    await rm(directory, { recursive: true });
    await store.putPlan('plan', ['{}'], 60_000);
    expect(await store.consumeOnce('token', 60_000)).toBe(true);
    expect(await store.read(id)).toBeUndefined();
  });

  it.each(['700', '755', '750', '500'])('may be read by others: mode %s', async (mode) => {
    const directory = await temporaryDirectory();
    await chmod(directory, Number.parseInt(mode, 8));
    expect(await collect(fileJournalStore(directory).newest())).toEqual([]);
  });

  it.each(['770', '702', '777', '1777', '2775'])('is refused when others may write to it: mode %s', async (mode) => {
    const directory = await temporaryDirectory();
    await chmod(directory, Number.parseInt(mode, 8));
    expect(await codesOfAll(directory)).toEqual(Array(6).fill('ESTATEDIR_WRITABLE'));
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(['', '/', '/.'])('is refused when it is a symbolic link, named with %j at its end', async (end) => {
    const base = await temporaryDirectory();
    await mkdir(join(base, 'target'), { mode: 0o700 });
    await symlink(join(base, 'target'), join(base, 'link'));
    expect(await codesOfAll(join(base, 'link') + end)).toEqual(Array(6).fill('ESTATEDIR_LINK'));
    expect(await readdir(join(base, 'target'))).toEqual([]);
    await rm(join(base, 'target'), { recursive: true });
    expect(await codesOfAll(join(base, 'link') + end)).toEqual(Array(6).fill('ESTATEDIR_LINK'));
  });

  it.skipIf(!isRoot)('is refused when it belongs to somebody else', async () => {
    const directory = await temporaryDirectory();
    await chown(directory, NOBODY, 0);
    expect(await codesOfAll(directory)).toEqual(Array(6).fill('ESTATEDIR_OWNER'));
    expect(await readdir(directory)).toEqual([]);
  });

  it('is refused when it is a file, and when it lies in one', async () => {
    const base = await temporaryDirectory();
    await writeFile(join(base, 'file'), '');
    expect(await codesOfAll(join(base, 'file'))).toEqual(Array(6).fill('ENOTDIR'));
    expect(await codesOfAll(join(base, 'file', 'changes'))).toEqual(Array(6).fill('ENOTDIR'));
  });

  it.each(['plans', 'spent'])(
    'is not left through a link named %s, nor is anything deleted behind it',
    async (name) => {
      const [directory, elsewhere] = [await temporaryDirectory(), await temporaryDirectory()];
      const mine = join(elsewhere, `${'0'.repeat(64)}${name === 'plans' ? '.jsonl' : ''}`);
      await writeFile(mine, '1\n');
      await utimes(mine, 0, 0);
      await symlink(elsewhere, join(directory, name));
      const store = fileJournalStore(directory);
      const use = name === 'plans' ? store.putPlan('plan', ['{}'], 60_000) : store.consumeOnce('token', 60_000);
      await expect(use).rejects.toMatchObject({ code: 'ESTATEDIR_LINK' });
      expect(await readdir(elsewhere)).toHaveLength(1);
    },
  );

  it('is looked at again before anything in it is deleted', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    const store = fileJournalStore(directory, { limits: { changes: 1, bytes: 1e9 } });
    const [first] = [await made(store), await made(store)];
    await expect.poll(() => store.read(first)).toBeUndefined();
    await chmod(directory, 0o770);
    await made(store);
    await made(store);
    await wait(100);
    expect(await readdir(directory)).toHaveLength(3);
  });
});

describe.skipIf(!isPosix)('something with a change’s name that is no file', () => {
  const makers: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
    ['a directory', (path) => mkdir(path)],
    ['a FIFO', (path) => run('mkfifo', [path])],
    ['a symbolic link to a change', (path) => symlink('20000101T000000000Z-00000001.jsonl', path)],
    ['a symbolic link to nothing', (path) => symlink('nothing', path)],
    [
      'a socket',
      async (path) => {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(path, resolve));
        onTestFinished(() => void server.close());
      },
    ],
    ...(isRoot ? [['a device', (path: string) => run('mknod', [path, 'c', '1', '3'])] as const] : []),
  ];

  it.each(makers)('is never opened, listed, read or deleted: %s', async (_, make) => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory, { limits: { changes: 1, bytes: 1 } });
    const first = await made(store, ['{}'], '20000101T000000000Z-00000001');
    const odd = nextId();
    await make(join(directory, `${odd}.jsonl`));
    expect(await collect(store.newest())).toEqual([first]);
    expect(await store.read(odd)).toBeUndefined();
    await expect(store.create(odd, ['{}'])).rejects.toMatchObject({ code: 'EEXIST' });
    const last = await made(store);
    await expect.poll(async () => (await readdir(directory)).sort()).toEqual([`${odd}.jsonl`, `${last}.jsonl`].sort());
    expect(await linesOf(store, last)).toEqual(['{}']);
  });

  it('is not followed as a plan or a token either', async () => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory);
    await store.putPlan('plan', ['{}'], 60_000);
    const [name = ''] = await readdir(join(directory, 'plans'));
    const path = join(directory, 'plans', name);
    await unlink(path);
    await run('mkfifo', [path]);
    expect(await store.readPlan('plan')).toBeUndefined();
    await expect(store.putPlan('plan', ['{}'], 60_000)).rejects.toThrow();
  });
});
