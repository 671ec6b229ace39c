import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callV1 } from '../emulator/raw-client.js';
import { emulators } from '../support/running-emulator.js';

const start = emulators();

/** Sends bytes to a port, and gives what comes back until the other side is silent or gone. */
function exchange(endpoint: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(endpoint).port), '127.0.0.1');
    let text = '';
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(60, finish);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.write(bytes);
  });
}

const requestLine = fc.constantFrom(
  'POST / HTTP/1.1',
  'GET /?Action=ListKeys HTTP/1.1',
  'GET /?Action=%ff%fe HTTP/1.1',
  'GET /?&&=&=x&Action HTTP/1.1',
  'POST /?Action=UntagResource&Action=TagResource HTTP/1.1',
  'GET //evil.example/ HTTP/1.1',
  'GET http://evil.example/?Action=ListKeys HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'DELETE / HTTP/9.9',
  'POST /%00%0d%0a HTTP/1.1',
);
const header = fc.constantFrom(
  'Host: x',
  'Content-Length: 5',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Content-Type: application/x-www-form-urlencoded',
  'Authorization: ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=',
  'Authorization: ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;host;__proto__,Signature=00',
  'x-acs-action: __proto__',
  'x-acs-version: 2016-01-20',
  'x-acs-date: 9999-99-99T99:99:99Z',
  'x-acs-content-sha256: zz',
  `x-long: ${'y'.repeat(20_000)}`,
);

describe('the emulator’s HTTP port', () => {
  it('outlives whatever comes in', { timeout: 60_000 }, async () => {
    const emulator = await start();
    const body = fc.oneof(
      fc.constantFrom('', 'a=b', 'a=%', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n'),
      fc.string({ maxLength: 50 }),
    );
    const request = fc
      .tuple(requestLine, fc.array(header, { maxLength: 6 }), body)
      .map(([line, headers, text]) => Buffer.from([line, ...headers, '', text].join('\r\n')));
    const bytes = fc.oneof(
      { weight: 4, arbitrary: request },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const reply = await exchange(emulator.endpoint, Buffer.from(sent));
        expect(reply).toMatch(/^$|^HTTP\/1\.1 [2-5]\d\d /);
        expect(reply).not.toContain('testsecret');
        expect(reply).not.toMatch(/^HTTP\/1\.1 500/);
      }),
      { numRuns: 120 },
    );
    expect((await callV1(emulator, 'ListKeys')).status).toBe(200);
  });

  it('answers signed requests with strange parameters by a code of KMS, and never fails inside', {
    timeout: 60_000,
  }, async () => {
    const emulator = await start();
    const name = fc.constantFrom(
      'KeyId',
      'SecretName',
      'TagKeys',
      'Tags',
      'Filters',
      'PageSize',
      'PageNumber',
      'NextToken',
      'ResourceType',
      'ResourceId.1',
      'ResourceId.-1',
      'TagKey.1',
      'TagKey.999999999',
      'Tag.1.Key',
      'Tag.1.Value',
      'All',
      '__proto__',
      'constructor',
    );
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.constantFrom(
        '["a"]',
        '[',
        '[[[[',
        '{"a":{}}',
        '[null]',
        '[{"TagKey":"__proto__","TagValue":"x"}]',
        'key',
        '-1',
        '1e9',
        '9'.repeat(30),
        '\u0000',
        '[{"Key":"TagKey","Values":[1]}]',
      ),
    );
    const action = fc.constantFrom(
      'UntagResource',
      'TagResource',
      'ListResourceTags',
      'UntagResources',
      'TagResources',
      'ListTagResources',
      'ListKeys',
      'ListAliases',
      'ListSecrets',
      'DescribeKey',
      'DescribeSecret',
      'DescribeRegions',
    );
    await fc.assert(
      fc.asyncProperty(
        action,
        fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }),
        async (called, parameters) => {
          const { status } = await callV1(emulator, called, parameters);
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 400 },
    );
  });
});
