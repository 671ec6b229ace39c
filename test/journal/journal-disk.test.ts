import { appendFile, chmod, chown, mkdir, open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { type ProgramRun, runProgram } from '../support/run-program.js';
import { isPosix, isRoot, made, NOBODY, temporaryDirectory } from './disk.js';
import { collect, linesOf, nextId } from './journal-store.suite.js';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram('test/journal/store-program.ts');
});
afterAll(() => program.remove());

function said({ stdout }: ProgramRun): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  return said(await runProgram(process.execPath, [program.path, ...args], env));
}

/** With a limit of file sizes, which stands for the end of the disk: a write comes back short, and the next one fails. */
async function runOnFullDisk(blocks: number, args: readonly string[]): Promise<unknown[]> {
  const limit = `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`;
  return said(await runProgram('/bin/sh', ['-c', limit, 'sh', process.execPath, program.path, ...args]));
}

describe('a file that was cut off', () => {
  it.each(['{"Outcome":"done","Resour', '{', '\0\0\0\0\0\0\0\0', '漢'])('may end in a torn line: %j', async (torn) => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory);
    const id = await made(store, ['{"whole":1}']);
    await appendFile(join(directory, `${id}.jsonl`), Buffer.from(torn).subarray(0, -1));
    const [whole, rest] = (await linesOf(store, id)) ?? [];
    expect(whole).toBe('{"whole":1}');
    expect(rest === undefined).toBe(torn === '{');
  });

  it('gives the lines that are whole, wherever it was cut', async () => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory);
    const lines = Array.from({ length: 20 }, (_, index) => `{"n":${index},"v":"ü漢😀"}`);
    const id = await made(store, lines);
    const file = join(directory, `${id}.jsonl`);
    const whole = await readFile(file);
    for (let length = whole.length; length >= 0; length -= 7) {
      await truncate(file, length);
      const complete = whole.subarray(0, length).toString('latin1').split('\n').length - 1;
      expect((await linesOf(store, id))?.slice(0, complete)).toEqual(lines.slice(0, complete));
    }
  });
});

describe.skipIf(!isPosix)('a full disk', () => {
  it('lets no change be created, and leaves no half of it', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    expect(await runOnFullDisk(64, ['large', directory, '2000'])).toEqual([{ failure: 'EFBIG' }]);
    expect(await readdir(directory)).toEqual([]);
    const [id] = await runOnFullDisk(64, ['large', directory, '10']);
    expect(await linesOf(fileJournalStore(directory), String(id))).toHaveLength(10);
  });

  it('tears a line of a change at most, and the next line starts on a line of its own', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    const [id, failures] = await runOnFullDisk(8, ['appends', directory, '200']);
    expect(failures).toEqual(['EFBIG']);
    const store = fileJournalStore(directory);
    const file = join(directory, `${id}.jsonl`);
    const lines = (await linesOf(store, String(id))) ?? [];
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines.slice(0, -1)) expect(JSON.parse(line)).toMatchObject({ line: 0 });
    expect((await readFile(file, 'utf8')).length).toBeLessThanOrEqual(8 * 512);
  });

  it('that has room again goes on after a torn line', async () => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory);
    const id = nextId();
    await store.create(id, ['{"first":1}']);
    function* torn() {
      yield `{"torn":"${'x'.repeat(300_000)}"}`;
      throw new Error('cut off');
    }
    await expect(store.append(id, torn(), true)).rejects.toThrow('cut off');
    await store.append(id, ['{"next":1}'], true);
    await store.close(id);
    expect((await linesOf(store, id))?.at(-1)).toBe('{"next":1}');
  });
});

describe.skipIf(!isRoot)('a directory that an ordinary user may not use', () => {
  const AS_NOBODY = { AS_NOBODY: 'true' };

  it('rejects all that would be written there', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    await mkdir(directory, { mode: 0o555 });
    await chown(directory, NOBODY, NOBODY);
    await chmod(join(directory, '..'), 0o755);
    for (const mode of ['changes', 'consume', 'plan']) {
      expect(await run([mode, directory, '1'], AS_NOBODY)).toEqual([{ failure: 'EACCES' }]);
    }
    expect(await readdir(directory)).toEqual([]);
    expect(await run(['list', directory], AS_NOBODY)).toEqual([]);
  });

  it('is not taken for an empty journal when it cannot be read', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    const id = await made(fileJournalStore(directory));
    await chown(directory, NOBODY, NOBODY);
    await chmod(join(directory, '..'), 0o755);
    // The file belongs to root, and is for root alone.
    expect(await run(['list', directory], AS_NOBODY)).toEqual([id]);
    expect(await run(['read', directory, id], AS_NOBODY)).toEqual([expect.objectContaining({ isLeased: false })]);
    await chmod(directory, 0o000);
    expect(await run(['list', directory], AS_NOBODY)).toEqual([{ failure: 'EACCES' }]);
    expect(await run(['read', directory, id], AS_NOBODY)).toEqual(['EACCES']);
    await chmod(join(directory, '..'), 0o000);
    expect(await run(['list', directory], AS_NOBODY)).toEqual([{ failure: 'EACCES' }]);
  });
});

describe('a file system that cannot sync a directory', () => {
  /** Makes `sync` fail for directories, as such file systems do; files are synced. */
  async function failingWith(code: string, directory: string): Promise<void> {
    const handle = await open(directory, 'r');
    const prototype: { sync: () => Promise<void> } = Object.getPrototypeOf(handle);
    await handle.close();
    const { sync } = prototype;
    onTestFinished(() => {
      prototype.sync = sync;
    });
    prototype.sync = async function (this: typeof handle) {
      if ((await this.stat()).isDirectory()) throw Object.assign(new Error(`${code}: fsync`), { code });
      return sync.call(this);
    };
  }

  it.each(['EINVAL', 'ENOTSUP', 'EPERM', 'EBADF', 'EISDIR'])(
    'and says so by %s keeps changes all the same',
    async (code) => {
      const directory = await temporaryDirectory();
      const store = fileJournalStore(directory);
      await failingWith(code, directory);
      expect(await linesOf(store, await made(store))).toEqual(['{}']);
      await store.putPlan('plan', ['{}'], 60_000);
      expect(await store.consumeOnce('token', 60_000)).toBe(true);
    },
  );

  it.each(['EIO', 'ENOSPC'])('for another reason, %s, rejects and leaves nothing', async (code) => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory);
    await failingWith(code, directory);
    await expect(store.create(nextId(), ['{}'])).rejects.toMatchObject({ code });
    await expect(store.putPlan('plan', ['{}'], 60_000)).rejects.toMatchObject({ code });
    await expect(store.consumeOnce('token', 60_000)).rejects.toMatchObject({ code });
    expect((await readdir(directory)).sort()).toEqual(['plans', 'spent']);
    for (const name of ['plans', 'spent']) expect(await readdir(join(directory, name))).toEqual([]);
  });
});

describe('several servers', () => {
  it('write their changes side by side, and each sees all in the order of their ids', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    const runs = await Promise.all([1, 2, 3].map(() => run(['changes', directory, '20'])));
    const ids = runs.flat().map(String);
    const store = fileJournalStore(directory);
    expect(new Set(ids).size).toBe(60);
    expect(await collect(store.newest())).toEqual(ids.sort().reverse());
    for (const id of ids) expect(await store.read(id)).toMatchObject({ isLeased: false });
  });

  it('consume each token once between them', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    const answers = await Promise.all([1, 2, 3].map(() => run(['consume', directory, '100'])));
    for (let token = 0; token < 100; token += 1) {
      expect(answers.map((answer) => answer[token]).sort()).toEqual([false, false, true]);
    }
  });
});

describe('a damaged file', () => {
  it('does not hide the changes of others', async () => {
    const directory = await temporaryDirectory();
    const store = fileJournalStore(directory);
    const good = await made(store, ['{"good":1}']);
    await writeFile(join(directory, '20991231T000000000Z-00000001.jsonl'), '');
    await writeFile(join(directory, '20991231T000000000Z-00000002.jsonl'), Buffer.from([0xff, 0xfe, 0x0a, 0x00]));
    const ids = await collect(store.newest());
    expect(ids).toHaveLength(3);
    expect(await Promise.all(ids.map((id) => linesOf(store, id)))).toEqual([
      ['\ufffd\ufffd', '\0'],
      [],
      ['{"good":1}'],
    ]);
    expect(ids[2]).toBe(good);
  });
});
