import type { RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Emulator, type EmulatorOptions, type FaultKind, startEmulator } from '../../emulator/index.js';
import { systemClock } from '../../src/base/clock.js';
import type { CredentialSource, Credentials } from '../../src/credentials/credentials.js';
import { CredentialsError } from '../../src/credentials/credentials.js';
import { closedPort, httpServer, socketServer } from '../support/upstream.js';
import { failureOf, QUICK, testClient } from './test-client.js';

async function emulatorForOneTest(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

const untag = {
  action: 'UntagResource',
  parameters: { KeyId: '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678', TagKeys: '["tagkey1"]' },
};
const regions = { action: 'DescribeRegions', parameters: {} };

/** Answers with one reply after another, the last one again and again. */
function replies(...answers: readonly { status: number; body: string; headers?: Record<string, string> }[]) {
  let served = 0;
  const answer: RequestListener = (_, response) => {
    const reply = answers[Math.min(served, answers.length - 1)];
    served += 1;
    response.writeHead(reply?.status ?? 500, reply?.headers).end(reply?.body);
  };
  return { answer, served: () => served };
}

const error = (status: number, Code: string, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: JSON.stringify({ HttpStatus: status, Code, Message: 'm', RequestId: 'r' }),
});
const success = { status: 200, body: '{"RequestId":"r"}' };

describe('every attempt', () => {
  it.each(['v3', 'v1'] as const)('is signed afresh, with %s', async (signature) => {
    const seen: { nonce: string | null; signature: string | null; date: string | null }[] = [];
    const { origin } = await httpServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const header = (name: string): string | null => String(request.headers[name] ?? '') || null;
      seen.push({
        nonce: query.get('SignatureNonce') ?? header('x-acs-signature-nonce'),
        signature: query.get('Signature') ?? header('authorization'),
        date: query.get('Timestamp') ?? header('x-acs-date'),
      });
      response.writeHead(503).end();
    });
    let time = Date.UTC(2026, 10, 24);
    const now = (): number => {
      time += 1_000;
      return time;
    };
    await failureOf(testClient(origin, { signature, clock: { ...systemClock, now } }).call(untag));
    expect(seen).toHaveLength(QUICK.maxAttempts);
    for (const part of ['nonce', 'signature', 'date'] as const) {
      expect(new Set(seen.map((attempt) => attempt[part])).size).toBe(QUICK.maxAttempts);
    }
    expect(seen.every(({ date }) => /^2026-11-24T\d\d:\d\d:\d\dZ$/.test(date ?? ''))).toBe(true);
  });

  it('is a POST with its parameters in the query and no body, and asks for JSON that is not compressed', async () => {
    const seen: Record<string, unknown>[] = [];
    const { origin } = await httpServer((request, response) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers });
      response.end('{"RequestId":"r"}');
    });
    await testClient(origin, { userAgent: 'agent/1' }).call(untag);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: `/?KeyId=${untag.parameters.KeyId}&TagKeys=%5B%22tagkey1%22%5D`,
      headers: { accept: 'application/json', 'user-agent': 'agent/1', 'content-length': '0' },
    });
    expect(seen[0]?.['headers']).not.toHaveProperty('accept-encoding');
    expect(seen[0]?.['headers']).not.toHaveProperty('content-type');
  });
});

describe('a call is made again', () => {
  it.each([
    ['Rejected.Throttling', error(429, 'Rejected.Throttling')],
    ['Throttling', error(400, 'Throttling')],
    ['Throttling.User', error(400, 'Throttling.User')],
    ['Throttling.Api', error(400, 'Throttling.Api')],
    ['429', { status: 429, body: '' }],
    ['InternalFailure', error(500, 'InternalFailure')],
    ['InternalError', error(500, 'InternalError')],
    ['ServiceUnavailableTemporary', error(503, 'ServiceUnavailableTemporary')],
    ['a page of a proxy', { status: 502, body: '<html></html>' }],
    ['an empty 200', { status: 200, body: '' }],
    ['SignatureNonceUsed', error(400, 'SignatureNonceUsed')],
  ])('after %s', async (_, reply) => {
    const { answer, served } = replies(reply, success);
    const { origin } = await httpServer(answer);
    await expect(testClient(origin).call(untag)).resolves.toMatchObject({ requestId: 'r' });
    expect(served()).toBe(2);
  });

  it.each<FaultKind>(['drop-before', 'drop-after', 'truncate', 'html', 'throttle429', 'throttle400', 'error500'])(
    'after the fault %s of the emulator, and the tag is gone',
    async (fault) => {
      const emulator = await emulatorForOneTest({ faults: { script: [fault, fault] } });
      await testClient(emulator.endpoint).call(untag);
      expect(emulator.count()).toBe(3);
      expect(new Set(emulator.requests.map(({ nonce }) => nonce)).size).toBe(3);
      expect(emulator.tagsOf('key', untag.parameters.KeyId)).not.toHaveProperty('tagkey1');
    },
  );

  it('after a timeout', async () => {
    const emulator = await emulatorForOneTest({ faults: { script: ['slow'], slowMs: 500 } });
    await testClient(emulator.endpoint, { timeoutMs: 100 }).call(untag);
    expect(emulator.count()).toBe(2);
  });

  it('as often as the policy says, and no more', async () => {
    const { answer, served } = replies(error(503, 'ServiceUnavailable'));
    const { origin } = await httpServer(answer);
    const failure = await failureOf(testClient(origin, { retry: { ...QUICK, maxAttempts: 5 } }).call(untag));
    expect([failure.attempts, served()]).toEqual([5, 5]);
  });
});

describe('a call is not made again', () => {
  it.each([
    ['Forbidden.KeyNotFound', error(404, 'Forbidden.KeyNotFound')],
    ['Forbidden.NoPermission', error(403, 'Forbidden.NoPermission')],
    ['InvalidParameter', error(400, 'InvalidParameter')],
    ['Rejected.Disabled', error(409, 'Rejected.Disabled')],
    ['an error code with HTTP 200', error(200, 'InvalidParameter')],
  ])('after %s, and changed nothing', async (_, reply) => {
    const { answer, served } = replies(reply);
    const { origin } = await httpServer(answer);
    const failure = await failureOf(testClient(origin).call(untag));
    expect(served()).toBe(1);
    expect(failure).toMatchObject({ effect: 'none', attempts: 1 });
  });

  it.each([
    ['a 403 page', { status: 403, body: '<html></html>' }],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['a permanent redirect', { status: 308, body: '', headers: { location: '/elsewhere' } }],
  ])('after %s, which does not tell what KMS did', async (_, reply) => {
    const { answer, served } = replies(reply);
    const { origin } = await httpServer(answer);
    const failure = await failureOf(testClient(origin).call(untag));
    expect(served()).toBe(1);
    expect(failure).toMatchObject({ effect: 'unknown', attempts: 1 });
  });

  it('for arguments that have no UTF-8 form: they never leave', async () => {
    const { answer, served } = replies(success);
    const { origin } = await httpServer(answer);
    const call = testClient(origin).call({ action: 'UntagResource', parameters: { KeyId: '\ud800' } });
    await expect(call).rejects.toThrow(URIError);
    expect(served()).toBe(0);
  });

  it('when there are no credentials: their error is passed on', async () => {
    const { answer, served } = replies(success);
    const { origin } = await httpServer(answer);
    const none = async (): Promise<Credentials> => {
      throw new CredentialsError('none');
    };
    const credentials: CredentialSource = { get: none, refresh: none };
    await expect(testClient(origin, { credentials }).call(untag)).rejects.toThrow(CredentialsError);
    expect(served()).toBe(0);
  });
});

describe('x-acs-retry-after', () => {
  it.each([
    ['300', 300],
    ['0', 0],
    ['soon', 0],
    ['-1', 0],
    ['0.5', 0],
  ])('of %j adds %i ms to the wait', async (header, expected) => {
    const { answer } = replies(error(429, 'Rejected.Throttling', { 'x-acs-retry-after': header }), success);
    const { origin } = await httpServer(answer);
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
    };
    const retry = { maxAttempts: 5, baseDelayMs: 200, maxDelayMs: 5_000 };
    await testClient(origin, { sleep, retry, random: () => 0.5 }).call(untag);
    expect(waits).toEqual([expected + 100]);
  });

  it('that reaches beyond the deadline ends the call at once, with what the service said', async () => {
    const { answer, served } = replies(error(429, 'Rejected.Throttling', { 'x-acs-retry-after': '60000' }), success);
    const { origin } = await httpServer(answer);
    const start = performance.now();
    const failure = await failureOf(testClient(origin).call(untag, { deadline: performance.now() + 30_000 }));
    expect(performance.now() - start).toBeLessThan(500);
    expect(failure.failure).toMatchObject({ kind: 'service', code: 'Rejected.Throttling' });
    expect(served()).toBe(1);
  });
});

describe('the deadline', { retry: 2 }, () => {
  it('that has passed already sends nothing', async () => {
    const { answer, served } = replies(success);
    const { origin } = await httpServer(answer);
    const failure = await failureOf(testClient(origin).call(untag, { deadline: performance.now() - 1 }));
    expect(failure).toMatchObject({ failure: { kind: 'deadline' }, effect: 'none', attempts: 0 });
    expect(served()).toBe(0);
  });

  it('ends an attempt that waits for its reply, whose outcome is unknown', async () => {
    const { origin } = await httpServer(() => undefined);
    const start = performance.now();
    const failure = await failureOf(testClient(origin).call(untag, { deadline: performance.now() + 150 }));
    expect(performance.now() - start).toBeLessThan(300);
    expect(failure).toMatchObject({ failure: { kind: 'no-reply', reason: 'timeout' }, effect: 'unknown', attempts: 1 });
  });

  it('ends the search for credentials', async () => {
    const credentials = pendingCredentials();
    const start = performance.now();
    const call = testClient('http://127.0.0.1:9', { credentials }).call(untag, { deadline: performance.now() + 100 });
    expect(await failureOf(call)).toMatchObject({ failure: { kind: 'deadline' }, effect: 'none' });
    expect(performance.now() - start).toBeLessThan(250);
  });

  it('ends the wait for a turn, and keeps what the last attempt said', async () => {
    const { answer } = replies(error(500, 'InternalFailure'));
    const { origin } = await httpServer(answer);
    let turns = 0;
    const limiter = {
      acquire: (_: string, signal?: AbortSignal) => {
        turns += 1;
        return turns === 1 ? Promise.resolve() : untilAborted(signal);
      },
      throttled: () => undefined,
    };
    const failure = await failureOf(testClient(origin, { limiter }).call(untag, { deadline: performance.now() + 150 }));
    expect(failure).toMatchObject({ failure: { code: 'InternalFailure' }, effect: 'unknown', attempts: 1 });
  });

  it('is not kept by a timer that a month overflows', async () => {
    const emulator = await emulatorForOneTest();
    await testClient(emulator.endpoint).call(regions, { deadline: performance.now() + 40 * 86_400_000 });
    await testClient(emulator.endpoint).call(regions);
  });
});

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function pendingCredentials(): CredentialSource {
  const get = (signal?: AbortSignal): Promise<Credentials> => untilAborted(signal);
  return { get, refresh: (_, signal) => get(signal) };
}

describe('what the call may have done', () => {
  it('is nothing when nobody listens', async () => {
    const failure = await failureOf(testClient(await closedPort()).call(untag));
    expect(failure).toMatchObject({
      failure: { kind: 'unreachable', reason: 'ECONNREFUSED' },
      effect: 'none',
      attempts: 3,
    });
  });

  it('is nothing when nobody listens on any address of localhost', async () => {
    const origin = (await closedPort()).replace('127.0.0.1', 'localhost');
    const failure = await failureOf(testClient(origin).call(untag));
    expect(failure).toMatchObject({
      failure: { kind: 'unreachable', host: 'localhost', reason: 'ECONNREFUSED' },
      effect: 'none',
    });
  });

  it('is nothing when every attempt was throttled', async () => {
    const emulator = await emulatorForOneTest({ faults: { probabilities: { throttle429: 0.5, throttle400: 0.5 } } });
    expect(await failureOf(testClient(emulator.endpoint).call(untag))).toMatchObject({ effect: 'none', attempts: 3 });
    expect(emulator.tagsOf('key', untag.parameters.KeyId)).toHaveProperty('tagkey1');
  });

  it.each([
    ['a reset after the request', 'drop-after'],
    ['a cut-off reply', 'truncate'],
  ] as const)('is unknown after %s', async (_, fault) => {
    const emulator = await emulatorForOneTest({ faults: { script: [fault, fault, fault] } });
    expect(await failureOf(testClient(emulator.endpoint).call(untag))).toMatchObject({
      effect: 'unknown',
      attempts: 3,
    });
    expect(emulator.tagsOf('key', untag.parameters.KeyId)).not.toHaveProperty('tagkey1');
  });

  it('stays unknown when a later attempt is refused, and the refusal is what the caller learns', async () => {
    const emulator = await emulatorForOneTest({ faults: { script: ['drop-after'] } });
    const call = testClient(emulator.endpoint).call({
      ...untag,
      parameters: { KeyId: 'no-such-key', TagKeys: '["a"]' },
    });
    expect(await failureOf(call)).toMatchObject({
      failure: { kind: 'service', code: 'Forbidden.KeyNotFound' },
      effect: 'unknown',
      attempts: 2,
    });
  });

  it('stays unknown when a later attempt finds nobody', async () => {
    const { origin, server } = await socketServer((socket) => {
      socket.once('data', () => {
        server.close();
        socket.resetAndDestroy();
      });
    });
    const failure = await failureOf(testClient(origin).call(untag));
    expect(failure).toMatchObject({ failure: { kind: 'unreachable' }, effect: 'unknown', attempts: 3 });
  });

  it('becomes unknown when a throttled call is cut off', async () => {
    const emulator = await emulatorForOneTest({ faults: { script: ['throttle429', 'drop-after', 'throttle429'] } });
    expect(await failureOf(testClient(emulator.endpoint).call(untag))).toMatchObject({
      failure: { code: 'Rejected.Throttling' },
      effect: 'unknown',
    });
  });
});

describe('a clock that differs from the service’s', () => {
  it.each([3_600_000, -3_600_000, 20 * 365 * 86_400_000])('by %i ms costs one more request, once', async (skew) => {
    const emulator = await emulatorForOneTest({ clock: () => Date.now() + skew });
    const client = testClient(emulator.endpoint);
    await client.call(regions);
    expect(emulator.requests.map(({ outcome }) => outcome)).toEqual(['InvalidTimeStamp.Expired', 'ok']);
    await client.call(regions);
    expect(emulator.count()).toBe(3);
  });

  it('that cannot be corrected ends the call after one more request', async () => {
    const { answer, served } = replies(error(400, 'InvalidTimeStamp.Expired'));
    const { origin } = await httpServer(answer);
    expect(await failureOf(testClient(origin).call(untag))).toMatchObject({ effect: 'none', attempts: 2 });
    expect(served()).toBe(2);
  });

  it.each(['', 'tomorrow', '1', 'Sat, 13 Sep 275760 00:00:00 GMT', '2026-11-24'])(
    'is not corrected by the Date %j',
    async (date) => {
      const { answer, served } = replies(error(400, 'InvalidTimeStamp.Expired', { date }), success);
      const { origin } = await httpServer(answer);
      expect(await failureOf(testClient(origin).call(untag))).toMatchObject({ effect: 'none' });
      expect(served()).toBe(1);
    },
  );
});

describe('credentials that the service refuses', () => {
  const source = (...sets: readonly Credentials[]) => {
    const calls = { get: 0, refresh: 0 };
    let current = 0;
    const now = (): Credentials => sets[Math.min(current, sets.length - 1)] ?? { ...old };
    const credentials: CredentialSource = {
      get: async () => {
        calls.get += 1;
        return now();
      },
      refresh: async () => {
        calls.refresh += 1;
        current += 1;
        return now();
      },
    };
    return { credentials, calls };
  };
  const old: Credentials = { accessKeyId: 'oldid', accessKeySecret: 'oldsecret', source: 'test' };
  const fresh: Credentials = { accessKeyId: 'testid', accessKeySecret: 'testsecret', source: 'test' };

  it('are resolved anew, and the call is made once more', async () => {
    const emulator = await emulatorForOneTest();
    const { credentials, calls } = source(old, fresh);
    await testClient(emulator.endpoint, { credentials }).call(untag);
    expect(emulator.requests.map(({ outcome }) => outcome)).toEqual(['InvalidAccessKeyId.NotFound', 'ok']);
    expect(calls).toEqual({ get: 1, refresh: 1 });
  });

  it.each([
    ['wrong secret', { ...fresh, accessKeySecret: 'wrong' }, 'SignatureDoesNotMatch'],
    ['expired token', { ...fresh, securityToken: 'old' }, 'InvalidSecurityToken.Expired'],
  ])('for a %s are resolved anew as well', async (_, refused, outcome) => {
    const securityToken = 'securityToken' in refused ? { securityToken: 'old' } : {};
    const emulator = await emulatorForOneTest(securityToken);
    if ('securityToken' in refused) emulator.expireSecurityToken();
    const { credentials, calls } = source(refused, refused);
    await failureOf(testClient(emulator.endpoint, { credentials }).call(untag));
    expect(emulator.requests.map((request) => request.outcome)).toEqual([outcome]);
    expect(calls.refresh).toBe(1);
  });

  it('are not sent again when nothing has changed at their source', async () => {
    const emulator = await emulatorForOneTest();
    const { credentials, calls } = source(old, old);
    const failure = await failureOf(testClient(emulator.endpoint, { credentials }).call(untag));
    expect(failure).toMatchObject({ failure: { code: 'InvalidAccessKeyId.NotFound' }, effect: 'none', attempts: 1 });
    expect([emulator.count(), calls.refresh]).toEqual([1, 1]);
  });

  it('are resolved anew no more than once', async () => {
    const emulator = await emulatorForOneTest();
    const { credentials, calls } = source(old, { ...old, accessKeyId: 'other' }, fresh);
    await failureOf(testClient(emulator.endpoint, { credentials }).call(untag));
    expect([emulator.count(), calls.refresh]).toEqual([2, 1]);
  });

  it('and cannot be resolved anew end the call with the service’s refusal', async () => {
    const emulator = await emulatorForOneTest();
    const credentials: CredentialSource = {
      get: async () => old,
      refresh: async () => {
        throw new CredentialsError('the source is gone');
      },
    };
    const failure = await failureOf(testClient(emulator.endpoint, { credentials }).call(untag));
    expect(failure.failure).toMatchObject({ code: 'InvalidAccessKeyId.NotFound' });
  });

  it('together with a wrong clock take one attempt each', async () => {
    const emulator = await emulatorForOneTest({ clock: () => Date.now() + 3_600_000 });
    const { credentials } = source(old, fresh);
    await testClient(emulator.endpoint, { credentials }).call(untag);
    expect(emulator.requests).toHaveLength(3);
  });
});
