import type { IncomingMessage, RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type FaultKind, startEmulator } from '../../emulator/index.js';
import { staticCredentials } from '../../src/credentials/source.js';
import { CANARY, canariesIn, everythingOf } from '../credentials/canary.js';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { runProgram } from '../support/run-program.js';
import { closedPort, httpServer, socketServer } from '../support/upstream.js';
import { failureOf, testClient } from './test-client.js';

const credentials = staticCredentials({
  accessKeyId: CANARY.id,
  accessKeySecret: CANARY.secret,
  securityToken: CANARY.token,
});
const untag = { action: 'UntagResource', parameters: { KeyId: 'k', TagKeys: '["a"]' } };
const SIGNATURES = ['v3', 'v1'] as const;

/** A far side that fails in one way; what it was sent is kept, to be looked for in the error. */
interface FarSide {
  readonly origin: string;
  readonly sent: IncomingMessage[];
}

async function answering(answer: RequestListener): Promise<FarSide> {
  const sent: IncomingMessage[] = [];
  const { origin } = await httpServer((request, response) => {
    sent.push(request);
    answer(request, response);
  });
  return { origin, sent };
}

/** Everything secret that the requests held, as they were sent. */
function secretsOf(request: IncomingMessage): string[] {
  const url = new URL(request.url ?? '', 'http://x');
  const header = request.headers.authorization ?? '';
  const signature = url.searchParams.get('Signature') ?? /Signature=(\w+)/.exec(header)?.[1] ?? 'no signature';
  const encoded = encodeURIComponent(signature);
  const base64 = Buffer.from(signature).toString('base64').slice(0, -4);
  // The URL of a v3 request holds no more than its parameters.
  const signedUrl = url.searchParams.has('Signature') ? [url.search] : [];
  return [signature, encoded, encodeURIComponent(encoded), base64, ...signedUrl];
}

/** Puts the request into the error as services and proxies do: whole, encoded, encoded twice. */
const echo: RequestListener = (request, response) => {
  const url = request.url ?? '';
  const headers = JSON.stringify(request.headers);
  const token = request.headers['x-acs-security-token'] ?? CANARY.token;
  const pieces = [url, encodeURIComponent(url), headers, `token ${token}`, decodeURIComponent(url)];
  const Message = `Not for you: ${pieces.join(' | ')}`;
  response.writeHead(400).end(JSON.stringify({ Code: 'InvalidParameter', Message, RequestId: 'r' }));
};

const stringToSign: RequestListener = (request, response) => {
  const toSign = `POST&%2F&${encodeURIComponent((request.url ?? '').slice(2))}`;
  const Message = `Specified signature is not matched with our calculation. server string to sign is:${toSign}`;
  response.writeHead(400).end(JSON.stringify({ Code: 'SignatureDoesNotMatch', Message, RequestId: 'r' }));
};

const FAR_SIDES: readonly (readonly [string, () => Promise<FarSide>])[] = [
  ['a message that repeats the request', () => answering(echo)],
  ['a message that holds the string to sign', () => answering(stringToSign)],
  [
    'a code that repeats the token',
    () => answering((_, response) => response.writeHead(400).end(JSON.stringify({ Code: `No ${CANARY.token}` }))),
  ],
  ['a page that repeats the request', () => answering((q, response) => response.writeHead(502).end(`<p>${q.url}`))],
  [
    'JSON without a code that repeats it',
    () => answering((q, response) => response.writeHead(400).end(JSON.stringify({ q: q.url }))),
  ],
  [
    'a success without RequestId that repeats it',
    () => answering((q, response) => response.end(JSON.stringify({ q: q.url }))),
  ],
  ['a redirect to the same URL', () => answering((q, response) => response.writeHead(307, { location: q.url }).end())],
  ['a reset connection', () => answering((request) => request.socket.resetAndDestroy())],
  [
    'a cut-off body',
    () =>
      answering((q, response) =>
        response.writeHead(200, { 'content-length': 9999 }).write(`${q.url}`, () => response.destroy()),
      ),
  ],
  ['too large a body', () => answering((q, response) => response.end(String(q.url).repeat(40_000)))],
  ['no answer', () => answering(() => undefined)],
  ['nobody there', async () => ({ origin: await closedPort(), sent: [] })],
  ['a name that does not exist', async () => ({ origin: 'http://kms.invalid', sent: [] })],
  ['another protocol', async () => ({ ...(await socketServer((socket) => socket.write('\x15\x03\x01'))), sent: [] })],
  [
    'a TLS alert',
    async () => {
      const { origin } = await socketServer((socket) =>
        socket.once('data', () => socket.end('\x15\x03\x01\x00\x02\x02\x28')),
      );
      return { origin: origin.replace('http:', 'https:'), sent: [] };
    },
  ],
];

describe.each(SIGNATURES)('signed with %s, no error holds secret, token, signature or URL', (signature) => {
  it.each(FAR_SIDES)('after %s', async (_, open) => {
    const { origin, sent } = await open();
    const client = testClient(origin, {
      credentials,
      signature,
      timeoutMs: 150,
      retry: { maxAttempts: 1, baseDelayMs: 1, maxDelayMs: 1 },
    });
    const shown = everythingOf(await failureOf(client.call(untag)));
    expect(canariesIn(shown)).toEqual([]);
    expect(shown).not.toMatch(/Signature(=|%3D|%253D)[A-Za-z0-9]/i);
    for (const secret of sent.flatMap(secretsOf)) expect(shown).not.toContain(secret);
  });

  it.each<FaultKind>([
    'throttle429',
    'throttle400',
    'error500',
    'error503',
    'drop-before',
    'drop-after',
    'truncate',
    'html',
  ])('after the fault %s', async (fault) => {
    const emulator = await startEmulator({
      accessKeyId: CANARY.id,
      accessKeySecret: CANARY.secret,
      securityToken: CANARY.token,
      faults: { probabilities: { [fault]: 1 } },
    });
    onTestFinished(() => emulator.close());
    const shown = everythingOf(await failureOf(testClient(emulator.endpoint, { credentials, signature }).call(untag)));
    expect(canariesIn(shown)).toEqual([]);
    expect(shown).not.toMatch(/Signature(=|%3D)/i);
  });
});

describe('a string to sign in a message of the service', () => {
  it('is left out, and the rest of the message stays', async () => {
    const { origin } = await answering(stringToSign);
    const failure = await failureOf(testClient(origin, { signature: 'v1' }).call(untag));
    expect(failure.failure).toMatchObject({
      code: 'SignatureDoesNotMatch',
      message: 'Specified signature is not matched with our calculation. server string to sign is: …',
    });
  });
});

describe('a message of the service that repeats a part of a secret', () => {
  const { token, secret } = CANARY;
  const signature = 'q1W2e3R4t5Y6u7I8o9P0a1S2d3F=';

  it.each([
    ['a token that was cut off', `Token ${token.slice(0, -5)}`, 'Token …'],
    ['a token with an ellipsis', `Token ${token.slice(0, 14)}... bad`, 'Token …... bad'],
    ['the end of a token', `Token ...${token.slice(-15)} bad`, 'Token ...… bad'],
    ['the end of a secret, and its beginning', `${secret.slice(3)} ${secret.slice(0, -3)}`, '… …'],
    ['a signature as JSON', `got {"Signature":"${signature}"}`, 'got {"Signature":"…"}'],
    ['a signature as escaped JSON', `got {\\"Signature\\": \\"${signature}\\"}`, 'got {\\"Signature\\": \\"…\\"}'],
    ['a signature as a header', `signature: ${signature}; next`, 'signature: …; next'],
    ['a signature after an arrow', `Signature => '${signature}'`, "Signature => '…'"],
  ])('is passed on without it: %s', async (_, Message, message) => {
    const { origin } = await answering((_request, response) =>
      response.writeHead(400).end(JSON.stringify({ Code: 'Xy', Message, RequestId: 'r' })),
    );
    expect((await failureOf(testClient(origin, { credentials }).call(untag))).failure).toMatchObject({ message });
  });
});

describe('an ordinary message of the service', () => {
  it('is passed on as it is', async () => {
    const Message = 'The specified parameter "Signature" is not valid; a signature = a secret.';
    const { origin } = await answering((_, response) =>
      response.writeHead(400).end(JSON.stringify({ Code: 'Xy', Message, RequestId: 'r' })),
    );
    const short = staticCredentials({ accessKeyId: 'i', accessKeySecret: 'a' });
    const failure = await failureOf(testClient(origin, { credentials: short }).call(untag));
    expect(failure.failure).toMatchObject({ message: Message });
  });
});

describe('the whole program', () => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await buildProgram('test/rpc/call-program.ts');
  });
  afterAll(() => program.remove());

  it.each([
    ['v3', 'https://kms.invalid', 'HTTPS_PROXY'],
    ['v1', 'https://kms.invalid', 'HTTPS_PROXY'],
    ['v1', 'http://127.0.0.1:1', 'NO_PROXY'],
  ])(
    'prints none of them when a %s call to %s fails, also with everything of Node and undici traced',
    async (signature, origin, proxy) => {
      const { stdout, stderr } = await runProgram(
        process.execPath,
        ['--trace-warnings', '--trace-uncaught', program.path, origin, signature],
        {
          ALIBABA_CLOUD_ACCESS_KEY_ID: CANARY.id,
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: CANARY.secret,
          ALIBABA_CLOUD_SECURITY_TOKEN: CANARY.token,
          [proxy]: 'http://127.0.0.1:1',
        },
      );
      expect(stdout).toContain('unreachable');
      expect(canariesIn(stdout + stderr)).toEqual([]);
      expect(stdout + stderr).not.toMatch(/Signature(=|%3D)/i);
    },
  );
});
