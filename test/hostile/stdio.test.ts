import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { emulators } from '../support/running-emulator.js';
import { type Conversation, converse, INITIALIZE, messagesOf, toolCall } from './conversation.js';

const start = emulators();
let program: BuiltProgram;

beforeAll(async () => {
  program = await buildProgram('src/cli/main.ts');
});
afterAll(() => program.remove());

const KEY = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';
const LIST = { KeyId: KEY };

function host(): Conversation {
  return converse([program.path, '--emulator', '--state-dir', '/dev/null/nowhere']);
}

async function greeted(): Promise<Conversation> {
  const talk = host();
  await talk.say(INITIALIZE);
  await talk.answer('hello');
  await talk.say({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return talk;
}

/** It still works, ends when it is told to, and has said nothing but JSON-RPC. */
async function expectSound(talk: Conversation): Promise<void> {
  await talk.say(toolCall('sound', 'list_resource_tags', LIST));
  expect(await talk.answer('sound')).toMatchObject({ result: { structuredContent: { RegionId: 'cn-hangzhou' } } });
  expect(await talk.end()).toBe(0);
  expect(() => messagesOf(talk.stdout)).not.toThrow();
  expect(talk.stdout.endsWith('\n')).toBe(true);
  expect(talk.stderr).not.toMatch(/^\s+at /m);
}

const GARBAGE: readonly (readonly [string, string | Buffer])[] = [
  ['words', 'hello, who is there?\n'],
  ['empty lines', '\n\n \n\r\n'],
  ['half a message, then a new line', '{"jsonrpc":"2.0","id":1,"meth\n'],
  ['JSON that is no message', '42\n"text"\nnull\n[]\n{}\ntrue\n'],
  ['a batch', `${JSON.stringify([toolCall(1, 'list_changes', {}), toolCall(2, 'list_changes', {})])}\n`],
  ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a])],
  ['control characters', '\u0000\u0001\u001b[2J\u0007\u202e\n'],
  ['a header of HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['deep nesting', `${'['.repeat(20_000)}${']'.repeat(20_000)}\n`],
  ['an unknown method', '{"jsonrpc":"2.0","id":7,"method":"__proto__"}\n'],
  ['a call without parameters', '{"jsonrpc":"2.0","id":8,"method":"tools/call"}\n'],
  ['parameters of a wrong type', '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":"x"}\n'],
  ['an unknown tool', `${JSON.stringify(toolCall(10, 'toString', {}))}\n`],
  ['an id of a wrong type', '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}\n'],
  ['a huge id', `{"jsonrpc":"2.0","id":1e308,"method":"ping"}\n`],
  ['another version', '{"jsonrpc":"1.0","id":11,"method":"ping"}\n'],
  ['an answer to no question', '{"jsonrpc":"2.0","id":12,"result":{}}\n{"jsonrpc":"2.0","id":13,"error":{}}\n'],
  ['a cancellation of nothing', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}\n'],
  ['a second greeting', `${JSON.stringify({ ...INITIALIZE, id: 'again' })}\n`],
];

describe('what comes in on stdin', () => {
  it.each(GARBAGE)('may be %s', async (_, text) => {
    const talk = await greeted();
    await talk.write(text);
    await expectSound(talk);
  });

  it('may be all of it at once, before the greeting', async () => {
    const talk = host();
    for (const [, text] of GARBAGE.slice(0, 8)) await talk.write(text);
    await talk.say(INITIALIZE);
    await talk.answer('hello');
    await expectSound(talk);
  });

  it('may come byte by byte, and cut within a character', async () => {
    const talk = await greeted();
    const bytes = Buffer.from(`${JSON.stringify(toolCall(1, 'find_resources', { Text: 'zähler €𝄞' }))}\n`);
    for (const byte of bytes) await talk.write(Buffer.from([byte]));
    expect(await talk.answer(1)).toMatchObject({ result: { structuredContent: { Matching: 0 } } });
    await expectSound(talk);
  });

  it('may be a line of ten megabytes: it is refused as too long, or answered', { timeout: 30_000 }, async () => {
    const talk = await greeted();
    await talk.write(`${'x'.repeat(10 * 1024 * 1024)}\n`);
    await talk.say(toolCall(1, 'list_resource_tags', LIST));
    // A stream that lost its frame may be given up; then the program must end, and not hang.
    const outcome = await talk.answer(1).then(
      () => 'answered',
      (error: unknown) => String(error),
    );
    expect(outcome).not.toContain('not within');
    if (outcome === 'answered') await expectSound(talk);
    else expect(() => messagesOf(talk.stdout)).not.toThrow();
  });

  it('may be a call with an argument of five megabytes', { timeout: 30_000 }, async () => {
    const talk = await greeted();
    await talk.say(toolCall(1, 'list_resource_tags', { KeyId: 'k'.repeat(5 * 1024 * 1024) }));
    const { result } = await talk.answer(1);
    expect(JSON.stringify(result).length).toBeLessThan(3_000);
    await expectSound(talk);
  });

  it('may use one id twice at once: nothing hangs', async () => {
    const talk = await greeted();
    await talk.say(toolCall(5, 'list_resource_tags', LIST));
    await talk.say(toolCall(5, 'list_resource_tags', LIST));
    await talk.answer(5);
    await expectSound(talk);
  });

  it('may end in the middle of a message', async () => {
    const talk = await greeted();
    await talk.write('{"jsonrpc":"2.0","id":1,"method":"tools/ca');
    expect(await talk.end()).toBe(0);
    expect(() => messagesOf(talk.stdout)).not.toThrow();
  });

  it.each([
    ['list_resource_tags', LIST],
    ['untag_resource', { KeyId: KEY, TagKeys: ['tagkey1'] }],
    ['untag_resources', { ResourceType: 'key', TagKeys: ['temp'], WithTagKey: 'temp' }],
  ])('may end in the middle of a call of %s', async (tool, args) => {
    const emulator = await start({ faults: { probabilities: { slow: 1 }, slowMs: 3_000 } });
    const talk = converse(
      [program.path, '--endpoint', emulator.endpoint, '--region', 'cn-hangzhou', '--state-dir', '/dev/null/nowhere'],
      { ALIBABA_CLOUD_ACCESS_KEY_ID: 'testid', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'testsecret' },
    );
    await talk.say(INITIALIZE);
    await talk.answer('hello');
    await talk.say(toolCall(1, tool, args));
    while (emulator.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    const endedAt = Date.now();
    expect(await talk.end()).toBe(0);
    expect(Date.now() - endedAt).toBeLessThan(2_500);
    expect(() => messagesOf(talk.stdout)).not.toThrow();
  });
});
