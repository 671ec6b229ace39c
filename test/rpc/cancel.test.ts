import { getEventListeners } from 'node:events';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { kmsRateLimiter } from '../../src/aliyun/kms/quota.js';
import type { CredentialSource, Credentials } from '../../src/credentials/credentials.js';
import { httpServer, socketServer } from '../support/upstream.js';
import { failureOf, testClient, transportForOneTest } from './test-client.js';

const untag = { action: 'UntagResource', parameters: { KeyId: 'k', TagKeys: '["a"]' } };
const controllers: AbortController[] = [];

/** Aborts when told, and is checked for forgotten listeners after the test. */
function controller(): AbortController {
  const made = new AbortController();
  controllers.push(made);
  return made;
}

afterEach(() => {
  for (const { signal } of controllers.splice(0)) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

/** Aborts once `moment` has come; the call must then end within 50 ms. `sent`: its last request may have left. */
async function cancelledAt(stop: AbortController, moment: Promise<unknown>, call: Promise<unknown>, sent = false) {
  const failure = failureOf(call);
  await moment;
  const start = performance.now();
  stop.abort(new Error('the caller’s own reason'));
  const error = await failure;
  expect(performance.now() - start).toBeLessThan(50);
  expect(error.failure).toEqual({ kind: 'cancelled', sent });
  return error;
}

/** A promise and what resolves it. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

// Fifty milliseconds are many, but not for a machine that others use, too.
describe('the caller’s signal ends a call at once', { retry: 2 }, () => {
  it('before it begins: nothing is sent', async () => {
    let served = 0;
    const { origin } = await httpServer((_, response) => {
      served += 1;
      response.end('{"RequestId":"r"}');
    });
    const stop = controller();
    stop.abort();
    const error = await failureOf(testClient(origin).call(untag, { signal: stop.signal }));
    expect(error).toMatchObject({ failure: { kind: 'cancelled', sent: false }, effect: 'none', attempts: 0 });
    expect(served).toBe(0);
  });

  it('while credentials are looked for: nothing is sent', async () => {
    const asked = gate();
    const get = (signal?: AbortSignal): Promise<Credentials> => {
      asked.open();
      return untilAborted(signal);
    };
    const stop = controller();
    const client = testClient('http://127.0.0.1:9', { credentials: { get, refresh: (_, signal) => get(signal) } });
    const error = await cancelledAt(stop, asked.opened, client.call(untag, { signal: stop.signal }));
    expect(error).toMatchObject({ effect: 'none', attempts: 0 });
  });

  it('while refused credentials are looked for anew', async () => {
    const { origin } = await httpServer((_, response) => {
      response.writeHead(404).end('{"Code":"InvalidAccessKeyId.NotFound","RequestId":"r"}');
    });
    const asked = gate();
    const credentials: CredentialSource = {
      get: async () => ({ accessKeyId: 'a', accessKeySecret: 'b', source: 'test' }),
      refresh: (_, signal) => {
        asked.open();
        return untilAborted(signal);
      },
    };
    const stop = controller();
    const call = testClient(origin, { credentials }).call(untag, { signal: stop.signal });
    expect(await cancelledAt(stop, asked.opened, call)).toMatchObject({ effect: 'none', attempts: 1 });
  });

  it('while it waits for its turn: nothing is sent', async () => {
    let served = 0;
    const { origin } = await httpServer((_, response) => {
      served += 1;
      response.end('{"RequestId":"r"}');
    });
    const limiter = kmsRateLimiter();
    const client = testClient(origin, { limiter });
    await client.call(untag);
    // A service that says "too fast" makes the next call wait for half a second.
    limiter.throttled('UntagResource');
    const stop = controller();
    const error = await cancelledAt(stop, soon(), client.call(untag, { signal: stop.signal }));
    expect(error).toMatchObject({ effect: 'none', attempts: 0 });
    expect(served).toBe(1);
  });

  it('while it connects: nothing was sent', async () => {
    const greeted = gate();
    // Takes the TLS greeting and never answers it.
    const { origin } = await socketServer((socket) => socket.once('data', greeted.open));
    const stop = controller();
    const call = testClient(origin.replace('http:', 'https:')).call(untag, { signal: stop.signal });
    expect(await cancelledAt(stop, greeted.opened, call)).toMatchObject({ effect: 'none', attempts: 1 });
  });

  it('while it connects: the request does not leave afterwards either', async () => {
    const asked = gate();
    const tunnelled: string[] = [];
    let connect = (): void => undefined;
    const proxy = await socketServer((socket) => {
      socket.once('data', () => {
        connect = () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.on('data', (data) => tunnelled.push(String(data)));
        asked.open();
      });
    });
    const transport = transportForOneTest({ http_proxy: proxy.origin }, false);
    const stop = controller();
    const call = testClient('http://kms.test', { transport }).call(untag, { signal: stop.signal });
    expect(await cancelledAt(stop, asked.opened, call)).toMatchObject({ effect: 'none' });
    connect();
    await soon();
    expect(tunnelled).toEqual([]);
  });

  it('while it waits for the reply: what it did is unknown', async () => {
    const asked = gate();
    const { origin } = await httpServer(() => asked.open());
    const stop = controller();
    const call = testClient(origin).call(untag, { signal: stop.signal });
    expect(await cancelledAt(stop, asked.opened, call, true)).toMatchObject({ effect: 'unknown', attempts: 1 });
  });

  it('in the middle of the body: what it did is unknown, and the connection is closed', async () => {
    const asked = gate();
    const closed = gate();
    const answer: RequestListener = (request, response) => {
      request.socket.on('close', closed.open);
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"RequestId":');
      asked.open();
    };
    const { origin } = await httpServer(answer);
    const stop = controller();
    const call = testClient(origin).call(untag, { signal: stop.signal });
    const moment = asked.opened.then(soon);
    expect(await cancelledAt(stop, moment, call, true)).toMatchObject({ effect: 'unknown', attempts: 1 });
    await closed.opened;
  });

  it('between two attempts: what it did depends on the first one', async () => {
    for (const [status, Code, effect] of [
      [429, 'Rejected.Throttling', 'none'],
      [500, 'InternalFailure', 'unknown'],
    ] as const) {
      const asked = gate();
      const { origin } = await httpServer((_, response) => {
        response.writeHead(status).end(JSON.stringify({ Code, RequestId: 'r' }));
        asked.open();
      });
      const stop = controller();
      const retry = { maxAttempts: 5, baseDelayMs: 60_000, maxDelayMs: 60_000 };
      const call = testClient(origin, { retry, random: () => 0.9 }).call(untag, { signal: stop.signal });
      const moment = asked.opened.then(soon);
      expect(await cancelledAt(stop, moment, call)).toMatchObject({ effect, attempts: 1 });
    }
  });
});

describe('a signal that is never used', () => {
  it('keeps no listener and no timer, after a success and after a failure', async () => {
    const { origin } = await httpServer((request, response) => {
      const isGood = request.headers['x-acs-action'] === 'Good';
      response.writeHead(isGood ? 200 : 503).end('{"RequestId":"r"}');
    });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const stop = controller();
    const client = testClient(origin);
    const options = { signal: stop.signal, deadline: performance.now() + 50_000 };
    await client.call({ action: 'Good', parameters: {} }, options);
    const before = timers();
    for (let round = 0; round < 5; round += 1) {
      await client.call({ action: 'Good', parameters: {} }, options);
      await failureOf(client.call({ action: 'Bad', parameters: {} }, options));
    }
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('may be shared by many calls at a time without a warning', async () => {
    const warnings: unknown[] = [];
    const listen = (warning: unknown): number => warnings.push(warning);
    process.on('warning', listen);
    const { origin } = await httpServer((_, response) => response.end('{"RequestId":"r"}'));
    const stop = controller();
    const client = testClient(origin);
    await Promise.all(Array.from({ length: 60 }, () => client.call(untag, { signal: stop.signal })));
    await soon();
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });
});

function soon(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}
