import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import manifest from '../../node_modules/@modelcontextprotocol/inspector/package.json' with { type: 'json' };
import {
  CLIENTS,
  type Connection,
  callMessage,
  connect,
  isAlive,
  isMessage,
  metaOf,
  openWorld,
  PROGRAM,
  spawnRaw,
  type World,
} from '../support/program.js';
import { ERAS, KEY, replyOf, SAMPLE_TAGS } from '../support/reply.js';

const NAMES = [
  'untag_resource',
  'tag_resource',
  'list_resource_tags',
  'find_resources',
  'summarize_tags',
  'plan_change',
  'apply_plan',
  'list_changes',
  'undo_change',
];

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
afterEach(() => {
  for (const [key, value] of Object.entries(SAMPLE_TAGS)) world.emulator.setTag('key', KEY.KeyId, key, value);
});

describe.each(CLIENTS)('the %s client', (kind) => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await connect(kind, world);
  });
  afterAll(() => connection.close());

  it('lists the tools', async () => {
    expect(await connection.toolNames()).toEqual(NAMES);
  });

  it('looks, removes, sees the RequestId of KMS, and undoes it', async () => {
    const { emulator } = world;
    const before = await connection.call('list_resource_tags', KEY);
    expect(before.structured['Tags']).toHaveLength(3);
    const removed = await connection.call('untag_resource', { ...KEY, TagKeys: ['tagkey1', 'tagkey2'] });
    expect(removed.structured['RequestId']).toBe(emulator.requests.at(-1)?.requestId);
    expect(removed.text).toContain(`RequestId ${removed.structured['RequestId']}`);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual({ owner: 'alice' });
    await connection.call('undo_change', { ChangeId: removed.structured['ChangeId'] });
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual(SAMPLE_TAGS);
  });

  it('gets errors as results that a model can act on', async () => {
    const reply = await connection.call('untag_resource', { TagKeys: ['a'] });
    expect(reply.isError).toBe(true);
    expect(reply.text).toMatch(/^INVALID_ARGUMENT: /);
  });

  it('sees nothing on stdout but messages, and leaves no process behind', async () => {
    const other = await connect(kind, world);
    await other.call('list_resource_tags', KEY);
    await other.close();
    expect(other.problems).toEqual([]);
    await expect.poll(() => isAlive(other.pid)).toBe(false);
    expect(connection.problems).toEqual([]);
  });
});

describe('the MCP Inspector’s command line', () => {
  const inspector = `node_modules/@modelcontextprotocol/inspector/${manifest.bin['mcp-inspector']}`;
  const run = async (...args: readonly string[]): Promise<unknown> => {
    const server = [process.execPath, PROGRAM, ...world.args];
    // It hands none of its own environment on.
    const env = Object.entries(world.env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const { stdout } = await promisify(execFile)(process.execPath, [inspector, '--cli', ...server, ...env, ...args], {
      env: { ...world.env },
      timeout: 20_000,
    });
    return JSON.parse(stdout);
  };
  const listing = z.object({ tools: z.array(z.object({ name: z.string() })) });

  it.each(ERAS)('lists the tools, and finds their schemas portable, on the %s era', async (era) => {
    const listed = listing.parse(await run('--protocol-era', era, '--method', 'tools/list', '--strict'));
    expect(listed.tools.map((tool) => tool.name)).toEqual(NAMES);
  });

  it.each(ERAS)('removes tags, on the %s era', async (era) => {
    const call = ['--method', 'tools/call', '--tool-name', 'untag_resource', '--tool-arg'];
    const args = [`KeyId=${KEY.KeyId}`, 'TagKeys=["tagkey1","tagkey2"]'];
    const reply = replyOf(await run('--protocol-era', era, ...call, ...args));
    expect(reply.structured['RequestId']).toBe(world.emulator.requests.at(-1)?.requestId);
    expect(world.emulator.tagsOf('key', KEY.KeyId)).toEqual({ owner: 'alice' });
  });
});

describe('stdout', () => {
  it.each(ERAS)('carries messages and nothing else, whatever comes in, on the %s era', async (era) => {
    const program = spawnRaw(world, [], { NODE_DEBUG: 'http,net', DEBUG: '*' });
    const { send, reply } = program;
    send('not JSON');
    send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: metaOf(era) });
    send('{"jsonrpc":"2.0"}');
    send('[]');
    send({ jsonrpc: '2.0', id: 2, method: 'no/such/method', params: metaOf(era) });
    send({ jsonrpc: '2.0', method: 'notifications/no-such', params: metaOf(era) });
    send(callMessage(era, 3, 'no_such_tool', {}));
    send(callMessage(era, 4, 'list_resource_tags', KEY));
    send(callMessage(era, 5, 'untag_resource', { ...KEY, TagKeys: [''] }));
    send({ jsonrpc: '2.0', id: 99, result: {} });
    await Promise.all([reply(1), reply(2), reply(3), reply(4), reply(5)]);
    program.child.stdin.end();
    expect(await program.ended()).toBe(0);
    expect(program.lines.length).toBeGreaterThanOrEqual(5);
    expect(program.lines.filter((line) => !isMessage(line))).toEqual([]);
  });
});
