import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';
import { inParallel } from '../../src/base/parallel.js';
import { CANARY, canariesIn } from '../credentials/canary.js';
import { type Fate, openGate } from '../faults/gate.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { closedPort, httpServer } from '../support/upstream.js';
import { type Conversation, converse, INITIALIZE, toolCall } from './conversation.js';

const { id, secret, token } = CANARY;
const KEY = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';
let program: BuiltProgram;

beforeAll(async () => {
  program = await buildProgram('src/cli/main.ts');
});
afterAll(() => program.remove());

const FROM_ENVIRONMENT = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: id,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret,
  ALIBABA_CLOUD_SECURITY_TOKEN: token,
};

/** One of everything that a host can ask for. */
const CALLS = [
  ['list_resource_tags', { KeyId: KEY }],
  ['untag_resource', { KeyId: KEY, TagKeys: ['tagkey1'] }],
  ['tag_resource', { KeyId: KEY, Tags: [{ TagKey: 'a', TagValue: 'b' }] }],
  ['find_resources', {}],
  ['summarize_tags', {}],
  ['plan_change', { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] }],
  ['apply_plan', { PlanId: 'p-0123456789abcdef', Change: 'Remove "temp" from 4 keys' }],
  ['list_changes', {}],
  ['undo_change', { ChangeId: '20260101T000000000Z-00000000' }],
  ['untag_resource', { KeyId: ['x'], TagKeys: {} }],
] as const;

interface Run {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Files of the home directory. */
  readonly home?: Readonly<Record<string, string>>;
  readonly endpoint: string;
}

/** What a process is started with, by the name of what goes wrong. Each opens a far side of its own. */
type Modes = Readonly<Record<string, () => Promise<Run>>>;

/** A process costs half a second of a core, and most of these then wait between attempts. */
const AT_ONCE = 4;

/** Runs every mode; gives the canaries that left its process, for those of which any did. */
async function leaksOf(modes: Modes): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  await inParallel(Object.entries(modes), AT_ONCE, async ([name, open]) => {
    const everything = await everythingFrom(await open());
    const canaries = everything.length < 2_000 ? ['hardly anything came out'] : canariesIn(everything);
    if (canaries.length > 0) found[name] = canaries;
  });
  return found;
}

/** Makes every call, and returns everything that left the process. */
async function everythingFrom({ env = FROM_ENVIRONMENT, args = [], home = {}, endpoint }: Run): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kms-tags-secrets-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(home)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  const state = join(path, 'state');
  const where = ['--endpoint', endpoint, '--region', 'cn-hangzhou', '--state-dir', state, '--timeout', '300'];
  const talk = converse([program.path, ...where, ...args], {
    HOME: path,
    ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
    ...env,
  });
  await makeCalls(talk);
  expect(await talk.end()).toBe(0);
  return [talk.stdout, talk.stderr, await textIn(state)].join('\n');
}

async function makeCalls(talk: Conversation): Promise<void> {
  await talk.say(INITIALIZE);
  await talk.answer('hello');
  await talk.say({ jsonrpc: '2.0', method: 'notifications/initialized' });
  for (const [index, [tool, args]] of CALLS.entries()) await talk.say(toolCall(index, tool, args));
  for (const index of CALLS.keys()) await talk.answer(index);
}

async function textIn(path: string): Promise<string> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

async function emulatorForOneTest(options: EmulatorOptions = {}): Promise<Emulator> {
  const keys = { accessKeyId: id, accessKeySecret: secret, securityToken: token };
  const emulator = await startEmulator({ ...keys, certificateOperations: false, ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** A far side that answers each request with itself: URL, headers, and all of it in other forms. */
async function echo(status: number, wrap: (text: string) => string): Promise<string> {
  const { origin } = await httpServer((request, response) => {
    const text = [request.url, decodeURIComponent(request.url ?? ''), JSON.stringify(request.headers)].join(' ');
    response.writeHead(status, { location: `/${encodeURIComponent(text)}` }).end(wrap(text));
  });
  return origin;
}

/** The emulator as it is, and requests that meet `fates` on the way, one after the other. */
function onTheWay(fates: readonly Fate[], args: readonly string[]): () => Promise<Run> {
  return async () => {
    const { endpoint } = await emulatorForOneTest();
    const gate = await openGate(endpoint);
    onTestFinished(() => gate.close());
    const script = [...fates];
    gate.setFate(() => script.shift() ?? 'pass');
    return { endpoint: gate.endpoint, args };
  };
}

/** For more requests than there will be. */
function always(fate: Fate): readonly Fate[] {
  return Array.from({ length: 1_000 }, () => fate);
}

function failures(args: readonly string[]): Modes {
  const emulated = (options?: EmulatorOptions) => async (): Promise<Run> => {
    const { endpoint } = await emulatorForOneTest(options);
    return { endpoint, args };
  };
  const echoed = (status: number, wrap: (text: string) => string) => async (): Promise<Run> => ({
    endpoint: await echo(status, wrap),
    args,
  });
  return {
    'all is well': emulated(),
    'the connection breaks before': onTheWay(always('reset'), args),
    'the connection breaks after': onTheWay(always('reset-after'), args),
    'answers are cut off': onTheWay(always('cut'), args),
    'no answer comes': onTheWay(['stall', 'stall', 'stall'], args),
    'the service fails after it acted': onTheWay(always('fail-after'), args),
    'permission is missing': onTheWay(always({ deny: 'Forbidden.RAM', status: 403 }), args),
    'connections are refused': async () => ({ endpoint: await closedPort(), args }),
    'the service is busy': emulated({ faults: { probabilities: { throttle429: 0.3, throttle400: 0.2 } } }),
    'the service is down': emulated({ faults: { probabilities: { error500: 0.5, error503: 0.5 } } }),
    'a proxy answers': emulated({ faults: { probabilities: { html: 1 } } }),
    'answers are half': emulated({ faults: { probabilities: { truncate: 1 } } }),
    'the secret is wrong, and the service repeats what it signed': emulated({ accessKeySecret: 'another-0123456789' }),
    'the access key is gone': emulated({ accessKeyId: 'LTAIanother' }),
    'the session is another one': emulated({ securityToken: 'another-token-0123456789' }),
    'the clock is wrong': emulated({ clock: () => Date.now() + 86_400_000 }),
    'the request comes back in a message': echoed(403, (Message) =>
      JSON.stringify({ Code: 'Xy', Message, RequestId: 'r' }),
    ),
    'the request comes back in a code': echoed(400, (Code) => JSON.stringify({ Code, Message: 'm', RequestId: 'r' })),
    'the request comes back in a RequestId': echoed(400, (RequestId) => JSON.stringify({ Code: 'Xy', RequestId })),
    'the request comes back in a success': echoed(200, (RequestId) => JSON.stringify({ RequestId, Tags: { Tag: [] } })),
    'the request comes back in XML': echoed(
      400,
      (text) =>
        `<Error><RequestId>r</RequestId><Code>Xy</Code><Message>${text.replace(/[<&]/g, ' ')}</Message></Error>`,
    ),
    'the request comes back in a page': echoed(502, (text) => `<html>${text}</html>`),
    'the request comes back in words': echoed(200, (text) => text),
    'the request comes back in a redirect': echoed(307, () => ''),
  };
}

describe('no secret leaves the process', () => {
  it('whatever goes wrong with a request that carries its token in the URL', { timeout: 90_000 }, async () => {
    expect(await leaksOf(failures(['--signature', 'v1']))).toEqual({});
  });

  it('whatever comes back of a request that carries its token in a header', { timeout: 90_000 }, async () => {
    const modes = Object.entries(failures(['--signature', 'v3']));
    const differing = modes.filter(([name]) => /comes back|secret|session|all is well/.test(name));
    expect(differing).toHaveLength(11);
    expect(await leaksOf(Object.fromEntries(differing))).toEqual({});
  });

  it('whatever is wrong with where its credentials come from', { timeout: 90_000 }, async () => {
    const profile = { name: 'me', mode: 'AK', access_key_id: id, access_key_secret: secret, sts_token: token };
    const cli = (text: string) => ({ '.aliyun/config.json': text });
    const ini = (text: string) => ({ '.alibabacloud/credentials': text });
    const uri = (text: string) => ({ ALIBABA_CLOUD_CREDENTIALS_URI: text });
    const malformed = await echo(200, () => `{"AccessKeySecret":"${secret}","SecurityToken":["${token}"]`);
    const runs: Readonly<Record<string, Omit<Run, 'endpoint'>>> = {
      'half of them in the environment': { env: { ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret } },
      'a line break in the environment': {
        env: { ...FROM_ENVIRONMENT, ALIBABA_CLOUD_ACCESS_KEY_SECRET: `${secret}\n` },
      },
      'id and secret swapped': { env: { ALIBABA_CLOUD_ACCESS_KEY_ID: secret, ALIBABA_CLOUD_ACCESS_KEY_SECRET: id } },
      'none at all': { env: {} },
      'a good profile': { env: {}, home: cli(JSON.stringify({ current: 'me', profiles: [profile] })) },
      'a profile that is cut off': { env: {}, home: cli(JSON.stringify({ profiles: [profile] }).slice(0, -9)) },
      'a profile that is a list': { env: {}, home: cli(JSON.stringify([secret, token])) },
      'a file without a section': { env: {}, home: ini(`access_key_secret=${secret}\n${token}`) },
      'a file of a wrong type': { env: {}, home: ini(`[default]\ntype=${secret}\naccess_key_secret=${token}`) },
      'a URI that is none': { env: uri(`::${secret}`) },
      'a URI that refuses': { env: uri(`http://u:${encodeURIComponent(secret)}@127.0.0.1:1/?t=${token}`) },
      'a URI whose reply is malformed': { env: uri(`${malformed}/?t=${token}`) },
    };
    const { endpoint } = await emulatorForOneTest();
    const modes = Object.entries(runs).map(([name, run]) => [name, async () => ({ endpoint, ...run })] as const);
    expect(await leaksOf(Object.fromEntries(modes))).toEqual({});
  });

  it.each([
    ['an unknown flag', [`--secret=${secret}`]],
    ['a secret where the command is', [secret]],
    ['a secret in the endpoint', ['--endpoint', `https://u:${encodeURIComponent(secret)}@kms.example.com`]],
    ['a secret as the region', ['--region', secret]],
  ])('that does not even start, for %s', async (_, args) => {
    const talk = converse([program.path, ...args], FROM_ENVIRONMENT);
    expect(await talk.end()).toBe(2);
    expect(talk.stdout).toBe('');
    expect(canariesIn(talk.stderr)).toEqual([]);
  });
});
