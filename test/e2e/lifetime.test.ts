import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  callMessage,
  connect,
  isMessage,
  metaOf,
  openWorld,
  type RawProgram,
  spawnRaw,
  type World,
} from '../support/program.js';
import { ERAS, KEY, SAMPLE_TAGS } from '../support/reply.js';
import { portOf } from '../support/upstream.js';

/** Time within which a program has to be gone. Well below the 5 s after which it ends in any case. */
const SOON_MS = 4_000;

const ENDS = ['stdin', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function end({ child }: RawProgram, how: (typeof ENDS)[number]): void {
  if (how === 'stdin') child.stdin.end();
  else child.kill(how);
}

/** The exit status, and whether it came soon. */
async function endOf(program: RawProgram): Promise<{ status: number | string; soon: boolean }> {
  const startedAt = Date.now();
  const status = await program.ended();
  return { status, soon: Date.now() - startedAt < SOON_MS };
}

describe('the program ends with status 0', () => {
  it.concurrent.each(ENDS)('on %s, before any message', async (how) => {
    const program = spawnRaw(world);
    // Signals count once it listens for them, which is when it answers.
    program.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: metaOf('modern') });
    await program.reply(1);
    end(program, how);
    expect(await endOf(program)).toEqual({ status: 0, soon: true });
    expect(program.stderr()).toBe('');
  });

  it.concurrent('when stdin is closed from the start', async () => {
    const program = spawnRaw(world);
    program.child.stdin.end();
    expect(await endOf(program)).toEqual({ status: 0, soon: true });
  });

  it.concurrent('when nobody reads stdout any more', async () => {
    const program = spawnRaw(world);
    program.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: metaOf('legacy') });
    await program.reply(1);
    program.child.stdout.destroy();
    program.send({ jsonrpc: '2.0', id: 2, method: 'tools/list', params: metaOf('legacy') });
    expect(await endOf(program)).toEqual({ status: 0, soon: true });
  });

  it.concurrent('when a message is too large to be read', async () => {
    const program = spawnRaw(world);
    program.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: metaOf('legacy') });
    await program.reply(1);
    program.send(`{"jsonrpc":"2.0","id":2,"method":"${'x'.repeat(11 * 1024 * 1024)}"}`);
    expect(await endOf(program)).toEqual({ status: 0, soon: true });
  });
});

describe('in the middle of a call to an endpoint that never answers', () => {
  it.concurrent.each(ENDS.flatMap((how) => ERAS.map((era) => ({ how, era }))))(
    'the program ends with status 0 on $how, on the $era era',
    async ({ how, era }) => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const endpoint = `http://127.0.0.1:${portOf(silent)}`;
      const args = world.args.map((word) => (word === world.emulator.endpoint ? endpoint : word));
      const connected = once(silent, 'connection');
      const program = spawnRaw({ ...world, args });
      program.send(callMessage(era, 1, 'list_resource_tags', KEY));
      await connected;
      end(program, how);
      expect(await endOf(program)).toEqual({ status: 0, soon: true });
      expect(program.lines.filter((line) => !isMessage(line))).toEqual([]);
      expect(program.stderr()).toBe('');
      silent.close();
    },
  );
});

it('keeps what an undo needs of a write that was under way when the client went', async () => {
  const own = await openWorld({ faults: { actions: ['UntagResource'], probabilities: { slow: 1 }, slowMs: 60_000 } });
  const program = spawnRaw(own);
  program.send(callMessage('legacy', 1, 'untag_resource', { ...KEY, TagKeys: ['tagkey1', 'tagkey2'] }));
  await expect.poll(() => own.emulator.count('UntagResource'), { timeout: 5_000 }).toBe(1);
  program.child.stdin.end();
  expect(await endOf(program)).toEqual({ status: 0, soon: true });
  expect(own.emulator.tagsOf('key', KEY.KeyId)).toEqual({ owner: 'alice' });

  own.emulator.setFaults(undefined);
  const { call, close } = await connect('v2-modern', own);
  const changes = await call('list_changes');
  const [, changeId] = /^(\S+) (?:unknown|interrupted): "Remove .*\("untag_resource", /m.exec(changes.text) ?? [];
  expect(changes.structured['Changes']).toMatchObject([{ ChangeId: changeId }]);
  await call('undo_change', { ChangeId: changeId });
  expect(own.emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  await close();
  await own.close();
});

describe('what the program loads', () => {
  /** A hook that writes the name of every file that is loaded to stderr. */
  const hook = `export async function load(url, context, next) {
    if (url.startsWith('file:')) process._rawDebug('loaded ' + url);
    return next(url, context);
  }`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(register)}`;

  it('before the first tools/list is a small part of it, without undici, credentials and emulator', async () => {
    const program = spawnRaw(world, [], { NODE_OPTIONS });
    const { readFile } = await import('node:fs/promises');
    const loaded = async (): Promise<string> => {
      const urls = [...program.stderr().matchAll(/^loaded (\S+)$/gm)].map(([, url]) => new URL(url ?? ''));
      return (await Promise.all(urls.map((url) => readFile(url, 'utf8')))).join('\n');
    };
    const marks = { undici: 'UND_ERR_SOCKET', emulator: 'The emulated account has no' };
    program.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: metaOf('modern') });
    await program.reply(1);
    const early = await loaded();
    expect(early).toContain('untag_resource');
    for (const mark of Object.values(marks)) expect(early).not.toContain(mark);
    expect(early).not.toContain('ram_role_arn');
    expect(early.length).toBeLessThan(600_000);

    // The marks are those of files that are loaded when they are needed.
    program.send(callMessage('modern', 2, 'list_resource_tags', KEY));
    await program.reply(2);
    expect(await loaded()).toContain(marks.undici);
    expect(await loaded()).not.toContain(marks.emulator);
    program.child.stdin.end();
    expect(await program.ended()).toBe(0);
  });
});
