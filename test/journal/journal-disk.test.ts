import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isChangeId } from '../../src/journal/change.js';
import { fileJournalStore } from '../../src/journal/file-store.js';
import { changeJournal, type Journal } from '../../src/journal/journal.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { type ProgramRun, runProgram } from '../support/run-program.js';

const EVERYBODY = { subject: undefined, seesAll: true };
const isPosix = process.platform !== 'win32';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram('test/journal/journal-program.ts');
});
afterAll(() => program.remove());

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'journal-disk-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function openJournal(): Promise<{ readonly journal: Journal; readonly directory: string }> {
  const directory = join(await temporaryDirectory(), 'state', 'changes');
  return { journal: changeJournal({ store: fileJournalStore(directory) }), directory };
}

/** One change, made and ended; gives its id. */
async function oneChange(journal: Journal, value = 'x'): Promise<string> {
  const items = [{ resourceId: 'k', before: { temp: value }, after: { temp: null } }];
  const change = await journal.begin({ tool: 'untag_resource', regionId: 'cn-hangzhou', resourceType: 'key', items });
  await change.record({ kind: 'done', resourceIds: ['k'], requestId: 'r' });
  await change.end('done');
  return change.changeId;
}

/** Runs the program in the shell, so that limits can be set before it. */
function runLimited(
  limits: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramRun> {
  return runProgram('/bin/sh', ['-c', `${limits} exec "$@"`, 'sh', process.execPath, program.path, ...args], env);
}

function linesOf({ stdout }: ProgramRun): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

describe('the files of the journal', () => {
  it.skipIf(!isPosix)('are for their owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    onTestFinished(() => {
      process.umask(umask);
    });
    const { journal, directory } = await openJournal();
    const id = await oneChange(journal);
    await journal.spend('token', 60_000);
    const modeOf = async (...path: string[]): Promise<string> =>
      ((await stat(join(directory, ...path))).mode & 0o777).toString(8);
    const [spent = ''] = await readdir(join(directory, 'spent'));
    expect([await modeOf(), await modeOf(`${id}.jsonl`), await modeOf('spent'), await modeOf('spent', spent)]).toEqual([
      '700',
      '600',
      '700',
      '600',
    ]);
  });

  it('are not made before the first change', async () => {
    const { journal, directory } = await openJournal();
    expect(await journal.list(10, EVERYBODY)).toEqual([]);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('hold no token that was spent, only its digest', async () => {
    const { journal, directory } = await openJournal();
    await journal.spend('../../escape', 60_000);
    expect(await readdir(join(directory, 'spent'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  it('keep every tag as it is', async () => {
    const { journal } = await openJournal();
    const tags = { 'ü 漢 😀': '"\\\u2028\n\0', constructor: '', a: 'b' };
    const items = [{ resourceId: '键\u2029', before: tags, after: { a: null } }];
    const change = await journal.begin({ tool: 't', regionId: 'cn-hangzhou', resourceType: 'secret', items });
    const stored = await journal.read(change.changeId, EVERYBODY);
    await change.end('done');
    expect(stored?.items.map(({ resourceId, before }) => [resourceId, { ...before }])).toEqual([['键\u2029', tags]]);
  });
});

describe('a process that dies in the middle', () => {
  it('leaves a change that shows as interrupted, with what it had written', async () => {
    const { journal, directory } = await openJournal();
    const [id] = linesOf(await runProgram(process.execPath, [program.path, 'die', directory]));
    const [change] = await journal.list(10, EVERYBODY);
    expect(change).toMatchObject({ changeId: id, state: 'interrupted', counts: { done: 1, failed: 0, unknown: 0 } });
    const stored = await journal.read(String(id), EVERYBODY);
    expect(stored?.items.map(({ resourceId }) => resourceId)).toEqual(['key-0', 'key-1']);
  });

  it.each(['{"Outcome":"done","Resour', '{', '\0\0\0\0\0\0\0\0', '漢'])(
    'may leave a torn last line: %j',
    async (torn) => {
      const { journal, directory } = await openJournal();
      const id = await oneChange(journal);
      await appendFile(join(directory, `${id}.jsonl`), Buffer.from(torn).subarray(0, -1));
      expect(await journal.read(id, EVERYBODY)).toMatchObject({ changeId: id, state: 'done' });
      expect(await journal.list(10, EVERYBODY)).toHaveLength(1);
    },
  );

  it('may have written any part: the rest is read, or there is no such change', async () => {
    const { journal, directory } = await openJournal();
    const id = await oneChange(journal);
    const file = join(directory, `${id}.jsonl`);
    const whole = await readFile(file);
    for (let length = whole.length; length >= 0; length -= 7) {
      await truncate(file, length);
      const change = await journal.read(id, EVERYBODY);
      if (change !== undefined) expect(change).toMatchObject({ changeId: id, regionId: 'cn-hangzhou' });
      else expect(length).toBeLessThan(whole.indexOf('\n') + 1);
    }
  });

  it('does not hide the changes of others when its file is damaged', async () => {
    const { journal, directory } = await openJournal();
    const good = await oneChange(journal);
    const broken = ['20991231T000000000Z-00000001', '20991231T000000000Z-00000002', '20991231T000000000Z-00000003'];
    await writeFile(join(directory, `${broken[0]}.jsonl`), '');
    await writeFile(join(directory, `${broken[1]}.jsonl`), Buffer.from([0xff, 0xfe, 0x0a, 0x00]));
    // Somebody copied a change: it is not the change that its name says.
    await writeFile(join(directory, `${broken[2]}.jsonl`), await readFile(join(directory, `${good}.jsonl`)));
    expect((await journal.list(10, EVERYBODY)).map(({ changeId }) => changeId)).toEqual([good]);
  });
});

describe.skipIf(!isPosix)('a journal that cannot be written', () => {
  it('refuses the change where the disk is full, and leaves no half of it', async () => {
    const { journal, directory } = await openJournal();
    // The limit of file sizes stands for the end of the disk: a write comes back short, and the next one fails.
    const full = await runLimited("trap '' XFSZ; ulimit -f 64;", ['change', directory, '2000']);
    expect(linesOf(full)).toEqual([{ code: 'JOURNAL_UNAVAILABLE', message: expect.stringContaining('EFBIG') }]);
    expect(await readdir(directory)).toEqual([]);
    const enough = await runLimited("trap '' XFSZ; ulimit -f 64;", ['change', directory, '10']);
    expect(await journal.list(10, EVERYBODY)).toMatchObject([{ changeId: linesOf(enough)[0], state: 'done' }]);
  });

  it('lets a change that has begun go on where the disk fills up, and keeps what undo needs', async () => {
    const { journal, directory } = await openJournal();
    const [id] = linesOf(await runLimited("trap '' XFSZ; ulimit -f 8;", ['outcomes', directory, '200']));
    const change = await journal.read(String(id), EVERYBODY);
    expect(change).toMatchObject({ changeId: id, state: 'interrupted' });
    expect(change?.items.map(({ before }) => ({ ...before }))).toEqual([{ temp: 'x'.repeat(100) }]);
    expect(change?.counts.unknown).toBeGreaterThan(0);
  });

  it('refuses the change where the directory may not be written', async () => {
    const directory = join(await temporaryDirectory(), 'changes');
    await mkdir(directory);
    await chmod(directory, 0o555);
    await chmod(join(directory, '..'), 0o755);
    const env: Record<string, string> = process.getuid?.() === 0 ? { AS_NOBODY: 'true' } : {};
    for (const mode of ['change', 'spend']) {
      const [answer] = linesOf(await runProgram(process.execPath, [program.path, mode, directory, '1'], env));
      expect(answer).toEqual({ code: 'JOURNAL_UNAVAILABLE', message: expect.stringContaining('EACCES') });
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(['is a file', 'hangs in the air'])(
    'refuses the change where its place %s, and shows no path',
    async (what) => {
      const base = await temporaryDirectory();
      if (what === 'is a file') await writeFile(join(base, 'place'), '');
      else await symlink(join(base, 'nowhere', 'at', 'all'), join(base, 'place'));
      const journal = changeJournal({ store: fileJournalStore(join(base, 'place', 'changes')) });
      const refusal = oneChange(journal);
      await expect(refusal).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
      await expect(refusal).rejects.toThrow(/\((ENOTDIR|ENOENT|EEXIST)\)/);
      await expect(refusal).rejects.not.toThrow(base);
      await expect(journal.spend('token', 60_000)).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    },
  );
});

describe('several servers', () => {
  it('write their changes side by side, and each sees all', async () => {
    const { journal, directory } = await openJournal();
    const runs = await Promise.all(
      [1, 2, 3].map(() => runProgram(process.execPath, [program.path, 'changes', directory, '20'])),
    );
    const made = runs.flatMap(linesOf);
    const listed = await journal.list(100, EVERYBODY);
    expect(new Set(made).size).toBe(60);
    expect(listed.map(({ changeId }) => changeId)).toEqual([...made].map(String).sort().reverse());
    for (const change of listed) expect(change).toMatchObject({ state: 'done', resources: 3, counts: { done: 3 } });
  });

  it('spend each token once between them', async () => {
    const { directory } = await openJournal();
    const runs = await Promise.all(
      [1, 2, 3].map(() => runProgram(process.execPath, [program.path, 'spend', directory, '100'])),
    );
    const answers = runs.map(linesOf);
    for (let token = 0; token < 100; token += 1) {
      expect(answers.filter((answer) => answer[token] === true)).toHaveLength(1);
      expect(answers.filter((answer) => answer[token] === false)).toHaveLength(2);
    }
  });
});

describe('what is no longer needed', () => {
  it('goes by size, the oldest first, and the newest change stays however large it is', async () => {
    const directory = await temporaryDirectory();
    const journal = changeJournal({ store: fileJournalStore(directory, { changes: 1_000, bytes: 5_000 }) });
    const ids: string[] = [];
    for (let made = 0; made < 4; made += 1) ids.push(await oneChange(journal, 'x'.repeat(1_500)));
    expect((await journal.list(10, EVERYBODY)).map(({ changeId }) => changeId)).toEqual(ids.slice(2).toReversed());
    const large = await oneChange(journal, 'x'.repeat(20_000));
    expect((await journal.list(10, EVERYBODY)).map(({ changeId }) => changeId)).toEqual([large]);
  });

  it('is a spent token whose time is over, and no other', async () => {
    const { journal, directory } = await openJournal();
    await journal.spend('old', 60_000);
    const [old = ''] = await readdir(join(directory, 'spent'));
    const past = new Date(Date.now() - 61_000);
    await utimes(join(directory, 'spent', old), past, past);
    await journal.spend('new', 60_000);
    expect(await readdir(join(directory, 'spent'))).toHaveLength(1);
    expect(await journal.spend('new', 60_000)).toBe(false);
  });

  it('is no file that somebody else keeps there', async () => {
    const directory = await temporaryDirectory();
    const journal = changeJournal({ store: fileJournalStore(directory, { changes: 1, bytes: 1 }) });
    await writeFile(join(directory, 'notes.jsonl'), 'mine');
    await writeFile(join(directory, '00000000T000000000Z-00000000.txt'), 'mine');
    for (let made = 0; made < 3; made += 1) await oneChange(journal);
    expect(await readFile(join(directory, 'notes.jsonl'), 'utf8')).toBe('mine');
    expect(await readdir(directory)).toHaveLength(3);
  });
});

describe('a change id from outside', () => {
  it.each([
    '../secret',
    '../../secret.jsonl',
    '/etc/passwd',
    '20261124T121901123Z-5f3a9c01/../../secret',
    '20261124T121901123Z-5f3a9c01\0',
    '20261124T121901123Z-5f3a9c01\n',
    '20261124T121901123Z-5F3A9C01',
    '２0261124T121901123Z-5f3a9c01',
    '',
    '.',
    'x'.repeat(100_000),
  ])('such as %j reads nothing', async (id) => {
    const { journal, directory } = await openJournal();
    await oneChange(journal);
    await writeFile(
      join(directory, '..', 'secret.jsonl'),
      await readFile(join(directory, (await readdir(directory))[0] ?? '')),
    );
    expect(isChangeId(id)).toBe(false);
    expect(await journal.read(id, EVERYBODY)).toBeUndefined();
    expect(await fileJournalStore(directory).read(id)).toBeUndefined();
  });

  it('that has the right form and is nobody’s reads nothing', async () => {
    const { journal } = await openJournal();
    await oneChange(journal);
    expect(await journal.read('20261124T121901123Z-5f3a9c01', EVERYBODY)).toBeUndefined();
  });
});
