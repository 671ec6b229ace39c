import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
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

const INVALID_REQUEST = -32_600;
const METHOD_NOT_FOUND = -32_601;
const INVALID_PARAMS = -32_602;
const PARSE_ERROR = -32_700;

const deep = (open: string, close: string): string => `${open.repeat(100_000)}1${close.repeat(100_000)}`;

/** Requests with the id `"q"`, each as one line, and the code of the error; undefined where it is served. */
const REQUESTS: readonly (readonly [string, string, number | undefined])[] = [
  ['params of null', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":null}', undefined],
  ['_meta of null', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":{"_meta":null}}', undefined],
  ['no params', '{"jsonrpc":"2.0","id":"q","method":"tools/list"}', undefined],
  ['a byte order mark before it', '\uFEFF{"jsonrpc":"2.0","id":"q","method":"tools/list"}', undefined],
  ['blanks around it', '  {"jsonrpc":"2.0","id":"q","method":"tools/list"} \t', undefined],
  ['a carriage return after it', '{"jsonrpc":"2.0","id":"q","method":"tools/list"}\r', undefined],
  ['a member that nobody knows', '{"jsonrpc":"2.0","id":"q","method":"tools/list","trace":{"a":1}}', undefined],
  ['a key twice', '{"jsonrpc":"2.0","id":1,"id":"q","method":"ping","method":"tools/list"}', undefined],
  ['a batch around it', '[{"jsonrpc":"2.0","id":"q","method":"tools/list"},42,[]]', undefined],
  ['a result beside its method', '{"jsonrpc":"2.0","id":"q","method":"tools/list","result":{}}', undefined],
  ['params of []', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":[]}', INVALID_PARAMS],
  ['params of a string', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":"{}"}', INVALID_PARAMS],
  ['params of a number', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":0}', INVALID_PARAMS],
  ['params of false', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":false}', INVALID_PARAMS],
  ['_meta of a string', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":{"_meta":"x"}}', INVALID_PARAMS],
  [
    'a progress token of null',
    '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":{"_meta":{"progressToken":null}}}',
    INVALID_PARAMS,
  ],
  ['a method that nobody knows', '{"jsonrpc":"2.0","id":"q","method":"no/such"}', METHOD_NOT_FOUND],
  ['an empty method', '{"jsonrpc":"2.0","id":"q","method":""}', METHOD_NOT_FOUND],
  ['the method of a notification', '{"jsonrpc":"2.0","id":"q","method":"notifications/cancelled"}', METHOD_NOT_FOUND],
  ['no method', '{"jsonrpc":"2.0","id":"q"}', INVALID_REQUEST],
  ['a method of a wrong type', '{"jsonrpc":"2.0","id":"q","method":["ping"]}', INVALID_REQUEST],
  ['another version', '{"jsonrpc":"1.0","id":"q","method":"tools/list"}', INVALID_REQUEST],
  ['no version', '{"id":"q","method":"tools/list"}', INVALID_REQUEST],
  [
    'params 100,000 arrays deep',
    `{"jsonrpc":"2.0","id":"q","method":"ping","params":${deep('[', ']')}}`,
    INVALID_REQUEST,
  ],
  [
    'params 100,000 objects deep',
    `{"jsonrpc":"2.0","id":"q","method":"ping","params":${deep('{"a":', '}')}}`,
    INVALID_REQUEST,
  ],
  ['NaN in it', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":{"a":NaN}}', PARSE_ERROR],
  ['a comma too many', '{"method":"tools/list","params":{},"jsonrpc":"2.0","id":"q",}', PARSE_ERROR],
  ['its end cut off', '{"jsonrpc":"2.0","id":"q","method":"tools/call","params":{"na', PARSE_ERROR],
];

const answerForm = z.object({
  error: z.object({ code: z.number() }).optional(),
  result: z.object({ tools: z.array(z.unknown()) }).optional(),
});

const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

describe('a request gets its answer', () => {
  it('whatever is wrong with it', { timeout: 30_000 }, async () => {
    const talk = await greeted();
    const answers = REQUESTS.map(async ([name, line], index) => {
      const id = `q${index}`;
      await talk.write(`${line.replaceAll('"q"', JSON.stringify(id))}\n`);
      const { error, result } = answerForm.parse(await talk.answer(id));
      return [name, error?.code ?? (result && 'served')] as const;
    });
    const expected = REQUESTS.map(([name, , code]) => [name, code ?? 'served'] as const);
    expect(Object.fromEntries(await Promise.all(answers))).toEqual(Object.fromEntries(expected));
    await expectSound(talk);
  });

  it('on a connection of the 2026 era, too', { timeout: 30_000 }, async () => {
    const talk = host();
    await talk.say({ jsonrpc: '2.0', id: 'first', method: 'tools/list', params: { _meta: MODERN_META } });
    await talk.answer('first');
    for (const [index, [, line]] of REQUESTS.entries()) {
      await talk.write(`${line.replaceAll('"q"', `"q${index}"`)}\n`);
      await talk.answer(`q${index}`);
    }
    await talk.say({ jsonrpc: '2.0', id: 'last', method: 'tools/list', params: { _meta: MODERN_META } });
    expect(await talk.answer('last')).toHaveProperty('result.tools');
    expect(await talk.end()).toBe(0);
    expect(() => messagesOf(talk.stdout)).not.toThrow();
  });

  it.each(REQUESTS.filter(([name]) => /null|mark|objects deep|cut off/.test(name)))(
    'as the first message of all: one with %s',
    async (_, line) => {
      const talk = host();
      await talk.write(`${line}\n`);
      await talk.answer('q');
      await talk.say(INITIALIZE);
      await talk.answer('hello');
      await expectSound(talk);
    },
  );

  it('and is refused with an id that is neither a string nor an integer', async () => {
    const talk = await greeted();
    const ids = { null: null, true: null, '{"a":1}': null, '["q"]': null, '1.5': 1.5, '1e308': 1e308, '1e999': null };
    for (const [id, echoed] of Object.entries(ids)) {
      await talk.write(`{"jsonrpc":"2.0","id":${id},"method":"tools/list"}\n`);
      const last = (): unknown => messagesOf(talk.stdout).at(-1);
      await expect.poll(last, { timeout: 5_000 }).toMatchObject({ id: echoed, error: { code: INVALID_REQUEST } });
      await talk.say(toolCall(`after ${id}`, 'list_resource_tags', LIST));
      await talk.answer(`after ${id}`);
    }
    await expectSound(talk);
  });

  it('and nothing else is written: not to notifications, responses, or lines without an id', async () => {
    const talk = await greeted();
    const before = messagesOf(talk.stdout).length;
    await talk.write('{"jsonrpc":"2.0","method":"tools/list"}\n{"jsonrpc":"2.0","method":"tools/list","params":7}\n');
    await talk.write('{"jsonrpc":"2.0","method":"notifications/no-such","params":null}\n42\n"text"\nnull\n[]\n{}\n');
    await talk.write('{"jsonrpc":"2.0","id":3,"result":null}\n{"jsonrpc":"2.0","id":3,"error":{}}\n{"id":\n');
    await talk.say({ jsonrpc: '2.0', id: 'end', method: 'ping' });
    await talk.answer('end');
    expect(messagesOf(talk.stdout)).toHaveLength(before + 1);
    await expectSound(talk);
  });
});

describe('what comes in on stdin', () => {
  it('may be anything: the next call is served', { timeout: 30_000 }, async () => {
    const talk = await greeted();
    for (const [name, text] of GARBAGE) {
      await talk.write(text);
      await talk.say(toolCall(name, 'list_resource_tags', LIST));
      expect(await talk.answer(name)).toHaveProperty('result.structuredContent');
    }
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

  it.each([
    ['that is no message', 'x'.repeat(11 * 1024 * 1024)],
    ['that says nothing of an id', `{"jsonrpc":"2.0","method":"${'x'.repeat(11 * 1024 * 1024)}"}`],
  ])('may be a line of eleven megabytes %s: it is dropped', { timeout: 30_000 }, async (_, line) => {
    const talk = await greeted();
    await talk.write(`${line}\n`);
    await expectSound(talk);
  });

  it.each([
    ['first', { jsonrpc: '2.0', id: 'long', method: 'ping', params: { x: 'x'.repeat(11 * 1024 * 1024) } }],
    ['last', { method: 'ping', params: { x: { y: 'x'.repeat(31 * 1024 * 1024) } }, jsonrpc: '2.0', id: 'long' }],
  ])('may be a request that is too long, with its id %s: it is refused', { timeout: 30_000 }, async (_, request) => {
    const talk = await greeted();
    await talk.say(request);
    expect(await talk.answer('long')).toMatchObject({ error: { message: 'Parse error: the message is too long' } });
    await expectSound(talk);
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
    ['plan_change', { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] }],
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
