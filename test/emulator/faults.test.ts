import { describe, expect, it } from 'vitest';
import { type Emulator, type FaultPlan, parseFaultSpec } from '../../emulator/index.js';
import { emulators } from '../support/running-emulator.js';
import { callV1 } from './raw-client.js';

const start = emulators();
const untag = (emulator: Emulator) => callV1(emulator, 'UntagResource', { KeyId: 'k', TagKeys: '["a"]' });
const startWith = (faults: FaultPlan | string) =>
  start({ faults, data: { keys: [{ KeyId: 'k', Tags: { a: '1', b: '2' } }] } });
const isUnchanged = (emulator: Emulator) => emulator.tagsOf('key', 'k')?.['a'] === '1';

describe('a fault that answers', () => {
  it.each([
    {
      kind: 'throttle429',
      status: 429,
      body: { HttpStatus: 429, Code: 'Rejected.Throttling', Message: 'QPS Limit Exceeded' },
    },
    { kind: 'throttle400', status: 400, body: { Code: 'Throttling.User', HostId: expect.anything() } },
    { kind: 'error500', status: 500, body: { HttpStatus: 500, Code: 'InternalFailure' } },
    { kind: 'error503', status: 503, body: { HttpStatus: 503, Code: 'ServiceUnavailableTemporary' } },
  ] as const)('$kind comes before the change, once', async ({ kind, status, body }) => {
    const emulator = await startWith({ script: [kind] });
    const reply = await untag(emulator);
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject(body);
    expect(isUnchanged(emulator)).toBe(true);
    expect((await untag(emulator)).status).toBe(200);
    expect(emulator.requests.map((request) => request.outcome)).toEqual([body.Code, 'ok']);
  });

  it('html is a page of a proxy, and KMS never saw the request', async () => {
    const emulator = await startWith({ script: ['html'] });
    const reply = await untag(emulator);
    expect(reply.status).toBe(502);
    expect(reply.headers.get('content-type')).toBe('text/html');
    expect(reply.text).toContain('<html>');
    expect(isUnchanged(emulator)).toBe(true);
    expect(emulator.requests[0]?.outcome).toBe('html');
  });

  it('truncate makes the change and cuts the body, so that it is no JSON', async () => {
    const emulator = await startWith({ script: ['truncate'] });
    await expect(untag(emulator)).rejects.toThrow(SyntaxError);
    expect(isUnchanged(emulator)).toBe(false);
  });

  it('slow makes the change at once and answers late', async () => {
    const emulator = await startWith({ script: ['slow'], slowMs: 200 });
    const begun = performance.now();
    const reply = untag(emulator);
    await expect.poll(() => isUnchanged(emulator), { interval: 5, timeout: 150 }).toBe(false);
    expect((await reply).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(190);
  });

  it('throttling says when to come back, in milliseconds, if the plan says so', async () => {
    const emulator = await startWith({ script: ['throttle429', 'throttle400', 'error503'], retryAfterMs: 70 });
    expect((await untag(emulator)).headers.get('x-acs-retry-after')).toBe('70');
    expect((await untag(emulator)).headers.get('x-acs-retry-after')).toBe('70');
    expect((await untag(emulator)).headers.get('x-acs-retry-after')).toBeNull();
  });
});

describe('a dropped connection', () => {
  it.each([
    { kind: 'drop-before', outcome: 'dropped-before', unchanged: true },
    { kind: 'drop-after', outcome: 'dropped-after', unchanged: false },
  ] as const)('$kind leaves the tags unchanged: $unchanged', async ({ kind, outcome, unchanged }) => {
    const emulator = await startWith({ script: [kind] });
    await expect(untag(emulator)).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) },
    });
    expect(isUnchanged(emulator)).toBe(unchanged);
    expect(emulator.requests.map((request) => request.outcome)).toEqual([outcome]);
    expect((await untag(emulator)).status).toBe(200);
  });
});

describe('a fault plan', () => {
  const outcomes = async (faults: FaultPlan | string, count: number) => {
    const emulator = await startWith(faults);
    for (let round = 0; round < count; round += 1) {
      await untag(emulator).catch(() => undefined);
    }
    return emulator.requests.map((request) => request.outcome).join(' ');
  };
  const SPEC = 'throttle429:0.2,error503:0.2,drop-after:0.2,html:0.1';

  it('gives the same faults for the same seed, and others for another', async () => {
    const [first, second, other] = [
      await outcomes(`${SPEC},seed:7`, 40),
      await outcomes(`${SPEC},seed:7`, 40),
      await outcomes(`${SPEC},seed:8`, 40),
    ];
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  it('keeps to its probabilities', async () => {
    const count = (await outcomes('throttle429:0.25,seed:3', 400)).split('Rejected.Throttling').length - 1;
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(130);
  });

  it('touches the actions it names, and spends no step of its script on others', async () => {
    const emulator = await startWith({ script: ['error500'], actions: ['UntagResource'] });
    expect((await callV1(emulator, 'DescribeRegions')).status).toBe(200);
    expect((await untag(emulator)).status).toBe(500);
  });

  it('can be changed and ended while the emulator runs', async () => {
    const emulator = await startWith('error500:1');
    expect((await untag(emulator)).status).toBe(500);
    emulator.setFaults({ script: ['ok', 'error503'] });
    expect((await untag(emulator)).status).toBe(200);
    expect((await untag(emulator)).status).toBe(503);
    emulator.setFaults(undefined);
    expect((await untag(emulator)).status).toBe(200);
  });

  it('can be written as kind:probability', () => {
    expect(parseFaultSpec('throttle429:0.2, drop-after:.05,seed:7')).toEqual({
      probabilities: { throttle429: 0.2, 'drop-after': 0.05 },
      seed: 7,
    });
  });

  it.each([
    ['', '""'],
    ['throttle', '"throttle"'],
    ['throttle:0.1', '"throttle"'],
    ['slow:much', '"slow:much"'],
    ['slow:1:2', '"slow:1:2"'],
    ['slow:1.5', 'between 0 and 1'],
    ['slow:0.1,slow:0.1', 'given twice'],
    ['slow:0.6,html:0.6', '1 at most'],
    ['seed:1.5', '"seed:1.5"'],
    ['seed:1,seed:2', '"seed:2"'],
  ])('%j is refused: %s', async (spec, message) => {
    expect(() => parseFaultSpec(spec)).toThrow(message);
    const emulator = await start();
    expect(() => emulator.setFaults(spec)).toThrow(message);
  });
});
