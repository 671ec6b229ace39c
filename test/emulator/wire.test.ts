import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Emulator } from '../../emulator/index.js';
import { emulators, SAMPLE_KEY } from '../support/running-emulator.js';
import { callV1, callV3, send } from './raw-client.js';

const start = emulators();

describe('XML', () => {
  it('is the format of a success, with lists as repeated elements', async () => {
    const emulator = await start({ data: { keys: [{ KeyId: 'k', Tags: { a: '1<&>"', b: '2' } }] } });
    emulator.setTag('key', 'k', 'c', 'bell\u0007');
    const reply = await callV1(emulator, 'ListResourceTags', { KeyId: 'k', Format: 'xml' });
    expect(reply.headers.get('content-type')).toBe('text/xml;charset=utf-8');
    const tag = (key: string, value: string) =>
      `<Tag><KeyId>k</KeyId><TagKey>${key}</TagKey><TagValue>${value}</TagValue></Tag>`;
    expect(reply.text).toMatch(/^<\?xml [^>]*\?><KMS><RequestId>[0-9a-f-]{36}<\/RequestId>/);
    expect(reply.text).toContain(
      `<Tags>${tag('a', '1&lt;&amp;&gt;&quot;')}${tag('b', '2')}${tag('c', 'bell\ufffd')}</Tags></KMS>`,
    );
  });

  it('is the format of an error of KMS, and of one of the gateway', async () => {
    const emulator = await start();
    const kms = await callV1(emulator, 'DescribeKey', { KeyId: 'none', Format: 'XML' });
    expect(kms.text).toMatch(
      /<KMS><HttpStatus>404<\/HttpStatus><Code>Forbidden.KeyNotFound<\/Code><Message>.*<\/KMS>$/,
    );
    const gateway = await callV1(emulator, 'DescribeRegions', { Format: 'XML', Version: 'old' });
    expect(gateway.text).toMatch(
      /<Error><RequestId>[0-9A-F-]{36}<\/RequestId>.*<Code>InvalidVersion<\/Code><\/Error>$/,
    );
  });

  it('is asked for by Accept with V3, and by a form with V1', async () => {
    const emulator = await start();
    const v3 = await callV3(emulator, 'DescribeRegions', {}, { headers: {}, unsigned: { accept: 'application/xml' } });
    expect(v3.text).toContain('<KMS>');
    const form = await callV1(emulator, 'DescribeRegions', { Format: 'XML' }, { isForm: true });
    expect(form.text).toContain('<KMS>');
  });
});

describe('the request log', () => {
  it('tells what was asked and what became of it, and holds no signature and no token', async () => {
    const emulator = await start({ securityToken: 'the-token' });
    const options = { securityToken: 'the-token', nonce: 'n-1' };
    const reply = await callV1(emulator, 'ListResourceTags', { KeyId: SAMPLE_KEY }, options);
    await callV3(emulator, 'DescribeKey', { KeyId: 'none' }, { ...options, nonce: 'n-2' });
    expect(emulator.requests).toMatchObject([
      {
        action: 'ListResourceTags',
        scheme: 'v1',
        outcome: 'ok',
        nonce: 'n-1',
        requestId: reply.json['RequestId'],
        parameters: { KeyId: SAMPLE_KEY },
      },
      { action: 'DescribeKey', scheme: 'v3', outcome: 'Forbidden.KeyNotFound', nonce: 'n-2' },
    ]);
    expect(JSON.stringify(emulator.requests)).not.toMatch(/the-token|"Signature"/);
  });

  it('keeps the latest thousand, and counts all', async () => {
    const emulator = await start();
    for (let round = 0; round < 1010; round += 1) {
      await send(`${emulator.endpoint}/?Action=DescribeRegions&Round=${round}`);
    }
    await send(`${emulator.endpoint}/?Action=Nothing`);
    expect(emulator.requests).toHaveLength(1000);
    expect(emulator.requests.at(-1)?.action).toBe('Nothing');
    expect(emulator.count()).toBe(1011);
    expect(emulator.count('DescribeRegions')).toBe(1010);
    expect(emulator.count('Nothing')).toBe(0);
  });
});

describe('hostile input', () => {
  const codeOf = async (emulator: Emulator, path: string, init: RequestInit = {}) => {
    const reply = await send(`${emulator.endpoint}${path}`, init);
    return [reply.status, reply.json['Code']];
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each<readonly [string, string, RequestInit, number, string]>([
    ['bad percent-encoding', '/?Action=%zz', {}, 400, 'ParseRequestParameterException'],
    ['bad UTF-8', '/?Action=%ff%fe', {}, 400, 'ParseRequestParameterException'],
    [
      'bad UTF-8 in a form',
      '/',
      { method: 'POST', headers: form, body: 'a=%c3' },
      400,
      'ParseRequestParameterException',
    ],
    ['a parameter given twice', '/?Action=a&Action=b', {}, 400, 'ParseRequestParameterException'],
    [
      'the same in URL and form',
      '/?a=1',
      { method: 'POST', headers: form, body: 'a=1' },
      400,
      'ParseRequestParameterException',
    ],
    ['nothing at all', '/', {}, 400, 'MissingAction'],
    ['a parameter without a name', '/?=&&=', {}, 400, 'ParseRequestParameterException'],
    ['__proto__', '/?__proto__=x&__proto__.1=y&constructor=z', {}, 400, 'MissingAction'],
    ['an action of Object', '/?Action=constructor&Version=2016-01-20', {}, 404, 'InvalidAction.NotFound'],
    ['another path', '/admin?Action=ListKeys&Version=2016-01-20', {}, 404, 'InvalidAction.NotFound'],
    ['PUT', '/', { method: 'PUT', body: 'x' }, 403, 'UnsupportedHTTPMethod'],
    ['DELETE', '/', { method: 'DELETE' }, 403, 'UnsupportedHTTPMethod'],
    ['OPTIONS', '/', { method: 'OPTIONS' }, 403, 'UnsupportedHTTPMethod'],
  ])('%s is answered', async (_, path, init, status, code) => {
    const emulator = await start();
    expect(await codeOf(emulator, path, init)).toEqual([status, code]);
    expect((await callV1(emulator, 'DescribeRegions')).status).toBe(200);
  });

  it('a body of more than 1 MiB is answered with 413', async () => {
    const emulator = await start();
    const body = 'x'.repeat(2 * 1024 * 1024);
    expect(await codeOf(emulator, '/', { method: 'POST', headers: form, body })).toEqual([
      413,
      'RequestEntityTooLarge',
    ]);
    expect((await callV1(emulator, 'DescribeRegions')).status).toBe(200);
  });

  it('a bulk request with names as long as they may be fits into the URL', async () => {
    const long = 'n'.repeat(192);
    const secrets = Array.from({ length: 50 }, (_, index) => ({ SecretName: `${long.slice(3)}${100 + index}` }));
    const emulator = await start({ data: { secrets } });
    const parameters: Record<string, string> = { RegionId: 'cn-hangzhou', ResourceType: 'secret' };
    for (const [index, { SecretName }] of secrets.entries()) {
      parameters[`ResourceId.${index + 1}`] = SecretName;
    }
    for (let number = 1; number <= 20; number += 1) {
      parameters[`TagKey.${number}`] = `${'é'.repeat(126)}${10 + number}`;
    }
    expect((await callV1(emulator, 'UntagResources', parameters)).status).toBe(200);
  });

  it.each([
    ['garbage', '\x00\x01garbage\r\n\r\n'],
    ['a broken header', 'GET / HTTP/1.1\r\nHost: a\r\nbroken header\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a header of 200 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200 * 1024)}\r\n\r\n`],
    ['an absolute target', 'GET http://elsewhere/?Action=ListKeys HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['CONNECT', 'CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n'],
    ['half a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf'],
  ])('%s on the wire does no harm', async (_, bytes) => {
    const emulator = await start();
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(emulator.endpoint).port), '127.0.0.1', () => socket.end(bytes));
      socket.on('error', () => resolve()).on('close', () => resolve());
      socket.resume();
    });
    expect((await callV1(emulator, 'DescribeRegions')).status).toBe(200);
  });
});

describe('an emulator', () => {
  it('closes at once, with a slow reply under way and a connection kept open, and may be closed again', async () => {
    const emulator = await start({ faults: { script: ['ok', 'slow'], slowMs: 60_000 } });
    await callV1(emulator, 'DescribeRegions');
    const pending = callV1(emulator, 'DescribeRegions').catch(() => 'cut');
    await expect.poll(() => emulator.count()).toBe(2);
    const begun = performance.now();
    await Promise.all([emulator.close(), emulator.close()]);
    await emulator.close();
    expect(await pending).toBe('cut');
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('says so when its port is taken', async () => {
    const first = await start();
    await expect(start({ port: Number(new URL(first.endpoint).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('repeats its request IDs with a random source of its own', async () => {
    const ids = [];
    for (let run = 0; run < 2; run += 1) {
      const emulator = await start({ random: () => 0.25 });
      ids.push((await callV1(emulator, 'DescribeRegions')).json['RequestId']);
    }
    expect(ids).toEqual(['44444444-4444-4444-8444-444444444444', '44444444-4444-4444-8444-444444444444']);
  });
});
