import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ADMIN,
  ALICE,
  BOB,
  KEY_ID,
  MODERN_META,
  modernHeaders,
  post,
  type RawOptions,
  READER,
  runningServer,
  type TestServer,
} from './running-server.js';

const SLOW_MS = 700;

let server: TestServer;
beforeEach(async () => {
  server = await runningServer();
  server.emulator.setFaults({ probabilities: { slow: 1 }, slowMs: SLOW_MS });
});
afterEach(() => server.close());

const ARGUMENTS = { KeyId: KEY_ID, TagKeys: ['tagkey1'] };

/** A removal that KMS takes 1.4 s for: half of it to read the tags, half to write. */
function removal(id: string | number): string {
  const params = { name: 'untag_resource', arguments: ARGUMENTS };
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
}

function cancellation(requestId: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'test' } });
}

/** Waits until the call reads the tags that it will remove. */
async function reading(calls = 1): Promise<void> {
  await expect.poll(() => server.emulator.count('ListResourceTags'), { timeout: 5_000 }).toBe(calls);
}

/** The call is over before KMS would have answered it, and nothing was removed. */
async function expectStopped(call: Promise<unknown>): Promise<void> {
  await call;
  // Had it gone on, the tags would have been read by now, and the write would be under way.
  await sleep(SLOW_MS + 200);
  expect(server.emulator.count('UntagResource')).toBe(0);
  expect(server.emulator.tagsOf('key', KEY_ID)).toHaveProperty('tagkey1');
}

const textOf = (reply: Response): Promise<string> => reply.text();

describe('notifications/cancelled of a client of the 2025 era', () => {
  it.each([
    ['number', 7],
    ['string', '7'],
  ] as const)('stops the call that it names by a %s, and ends its answer', async (_, id) => {
    const call = post(server.url, { token: ALICE, body: removal(id) }).then(textOf);
    await reading();
    const reply = await post(server.url, { token: ALICE, body: cancellation(id) });
    expect([reply.status, await reply.text()]).toEqual([202, '']);
    await expectStopped(call.then((text) => expect(text).not.toContain('"result"')));
  });

  it('is answered in JSON, to a client that takes nothing else', async () => {
    const call = post(server.url, { token: ALICE, headers: { accept: 'application/json' }, body: removal(7) });
    await reading();
    await post(server.url, { token: ALICE, body: cancellation(7) });
    await expectStopped(call);
    expect(await (await call).json()).toMatchObject({ id: 7, error: { message: 'The request was cancelled' } });
  });

  it('stops a call of the same session', async () => {
    const headers = { 'mcp-session-id': 'one' };
    const call = post(server.url, { token: ALICE, headers, body: removal(7) }).then(textOf);
    await reading();
    await post(server.url, { token: ALICE, headers, body: cancellation(7) });
    await expectStopped(call);
  });

  it('does not stop a call of another caller, another session or another id', async () => {
    const call = post(server.url, { token: ALICE, body: removal(7) }).then(textOf);
    await reading();
    const others: readonly (readonly [RawOptions, unknown])[] = [
      [{ token: BOB }, 7],
      [{ token: READER }, 7],
      [{ token: ADMIN }, 7],
      [{}, 7],
      [{ token: ALICE, headers: { 'mcp-session-id': 'two' } }, 7],
      [{ token: ALICE }, '7'],
      [{ token: ALICE }, 8],
      [{ token: ALICE }, undefined],
      [{ token: ALICE }, null],
      [{ token: ALICE }, [7]],
    ];
    await Promise.all(others.map(([sender, id]) => post(server.url, { ...sender, body: cancellation(id) })));
    expect(await call).toContain('RequestId');
    expect(server.emulator.tagsOf('key', KEY_ID)).not.toHaveProperty('tagkey1');
  });

  it('stops neither of two calls that cannot be told apart, and does not stop a later one', async () => {
    const calls = [1, 2].map(() => post(server.url, { token: ALICE, body: removal(7) }).then(textOf));
    await reading(2);
    await post(server.url, { token: ALICE, body: cancellation(7) });
    for (const call of calls) expect(await call).toContain('RequestId');
    await post(server.url, { token: ALICE, body: cancellation(7) });
    const later = post(server.url, { token: ALICE, body: removal(7) }).then(textOf);
    expect(await later).toContain('RequestId');
  });

  it.each(['v1', 'v2-legacy'] as const)('is what the client %s sends when its user stops a call', async (kind) => {
    const requestInit = { headers: { authorization: `Bearer ${ALICE}` } };
    const url = new URL(server.url);
    const abort = new AbortController();
    const params = { name: 'untag_resource', arguments: ARGUMENTS };
    let call: Promise<unknown>;
    let close: () => Promise<void>;
    if (kind === 'v1') {
      const client = new FirstClient({ name: 'test', version: '1' });
      await client.connect(new FirstTransport(url, { requestInit }));
      call = client.callTool(params, undefined, { signal: abort.signal });
      close = () => client.close();
    } else {
      const client = new ModernClient({ name: 'test', version: '1' });
      await client.connect(new ModernTransport(url, { requestInit }));
      call = client.callTool(params, { signal: abort.signal });
      close = () => client.close();
    }
    await reading();
    abort.abort();
    await expectStopped(expect(call).rejects.toThrow());
    expect(server.log.some((line) => line['method'] === 'notifications/cancelled')).toBe(true);
    await close();
  });
});

describe('closing the connection', () => {
  it.each([
    ['legacy', 'application/json, text/event-stream'],
    ['legacy', 'application/json'],
    ['modern', 'application/json, text/event-stream'],
    ['modern', 'application/json'],
  ] as const)('stops the call, on the %s era with Accept: %s', async (era, accept) => {
    const body: { params: object } = JSON.parse(removal(7));
    if (era === 'modern') body.params = { ...body.params, _meta: { ...MODERN_META, progressToken: 1 } };
    const call = httpRequest(server.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ALICE}`,
        'content-type': 'application/json',
        accept,
        ...(era === 'modern' ? modernHeaders('untag_resource') : {}),
      },
    });
    call.on('error', () => undefined).end(JSON.stringify(body));
    await reading();
    call.destroy();
    const line = (): unknown => server.log.find((entry) => entry['event'] === 'request');
    await expectStopped(expect.poll(line, { timeout: 5_000 }).toMatchObject({ era, cut: true }));
  });
});
