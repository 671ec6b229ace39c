import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reply, readReply } from '../../src/rpc/reply.js';

function read(status: number, body: string | Buffer): Reply {
  return readReply({ status, body: Buffer.from(body), date: undefined, retryAfter: undefined });
}

const KMS_JSON = '{"HttpStatus":404,"Code":"Forbidden.KeyNotFound","Message":"The Key.","RequestId":"r-1"}';
const GATEWAY_JSON =
  '{"RequestId":"R-2","Message":"Nonce.","Recommend":"https://x/","HostId":"kms.x","Code":"SignatureNonceUsed"}';
const KMS_XML =
  "<?xml version='1.0' encoding='UTF-8'?><KMS><HttpStatus>400</HttpStatus><Code>IllegalTimestamp</Code><Message>&quot;T&quot; &amp; &lt;b&gt;</Message><RequestId>r-3</RequestId></KMS>";
const GATEWAY_XML = '<Error><RequestId>R-4</RequestId><Code>Throttling</Code><Message>slow</Message></Error>';

describe('an error of the service', () => {
  it.each([
    ['KMS JSON', 404, KMS_JSON, { code: 'Forbidden.KeyNotFound', message: 'The Key.', requestId: 'r-1' }],
    ['gateway JSON', 400, GATEWAY_JSON, { code: 'SignatureNonceUsed', message: 'Nonce.', requestId: 'R-2' }],
    ['KMS XML', 400, KMS_XML, { code: 'IllegalTimestamp', message: '"T" & <b>', requestId: 'r-3' }],
    ['gateway XML', 400, GATEWAY_XML, { code: 'Throttling', message: 'slow', requestId: 'R-4' }],
    [
      'lower-case fields',
      400,
      '{"code":"Xy","message":"m","requestId":"r"}',
      { code: 'Xy', message: 'm', requestId: 'r' },
    ],
    ['HTTP 200 with a Code', 200, '{"Code":"Xy","RequestId":"r"}', { code: 'Xy', message: '', requestId: 'r' }],
    ['a Message that is no text', 400, '{"Code":"Xy","Message":{"a":1},"RequestId":"r"}', { code: 'Xy', message: '' }],
    ['a byte order mark', 400, `\uFEFF${KMS_JSON}`, { code: 'Forbidden.KeyNotFound', message: 'The Key.' }],
    ['white space before', 400, `\r\n ${GATEWAY_XML}\n`, { code: 'Throttling' }],
    [
      'bytes that are not UTF-8',
      400,
      Buffer.concat([
        Buffer.from('{"RequestId":"r","Code":"Xy","Message":"'),
        Buffer.from([0xd6, 0xd0]),
        Buffer.from('"}'),
      ]),
      { code: 'Xy', message: '\uFFFD\uFFFD' },
    ],
  ])('is read from %s', (_, status, body, expected) => {
    expect(read(status, body)).toMatchObject({ kind: 'error', ...expected });
  });

  it('is not read from a body without RequestId: a filter may have written it below the headers of the service', () => {
    expect(read(403, '{"Code":"Forbidden.Filter","Message":"rejected"}')).toMatchObject({ kind: 'unreadable' });
  });
});

describe('a success', () => {
  it.each([
    ['JSON', '{"RequestId":"r"}'],
    ['JSON with the code OK', '{"Code":"OK","RequestId":"r"}'],
    ['JSON with the code Success', '{"Code":"Success","RequestId":"r"}'],
    ['JSON with the code 200', '{"Code":200,"RequestId":"r"}'],
    ['JSON with an empty code', '{"Code":"","RequestId":"r"}'],
    ['JSON after a byte order mark', '\uFEFF{"RequestId":"r"}'],
    ['XML', '<?xml version="1.0"?><KMS><RequestId>r</RequestId></KMS>'],
    ['XML of the newer pages', '<UntagResourceResponse>\n <RequestId>r</RequestId>\n</UntagResourceResponse>\n'],
  ])('is read from %s', (_, body) => {
    expect(read(200, body)).toMatchObject({ kind: 'success', requestId: 'r' });
  });

  it('is not read from a body without RequestId', () => {
    expect(read(200, '{}')).toMatchObject({ kind: 'unreadable' });
  });

  it('keeps fields that are named like parts of JavaScript objects apart from them', () => {
    const reply = read(200, '{"__proto__":{"Code":"Evil","RequestId":"evil"},"constructor":1,"RequestId":"r"}');
    expect(reply).toMatchObject({ kind: 'success', requestId: 'r' });
    expect(Reflect.get({}, 'Code')).toBeUndefined();
  });
});

describe('anything else is unreadable', () => {
  it.each([
    ['an empty body', 200, '', 'an empty body'],
    ['nothing but white space', 502, ' \r\n', 'an empty body'],
    ['204 without a body', 204, '', 'an empty body'],
    ['cut-off JSON', 200, '{"RequestId":"r', 'cut-off or malformed JSON'],
    ['a JSON array', 200, '[1]', 'neither JSON nor XML'],
    ['a JSON string', 200, '"text"', 'neither JSON nor XML'],
    ['plain text', 503, 'upstream connect error', 'neither JSON nor XML'],
    ['an HTML page', 502, '<html><body>502</body></html>', 'an HTML page or malformed XML'],
    ['an HTML page with a doctype', 200, '<!DOCTYPE html>\n<html></html>', 'an HTML page or malformed XML'],
    ['an XHTML page', 200, '<?xml version="1.0"?><HTML><b>RequestId</b></HTML>', 'an HTML page or malformed XML'],
    ['cut-off XML', 200, '<KMS><RequestId>r</RequestId>', 'an HTML page or malformed XML'],
    ['a redirect with a body of KMS', 302, '{"RequestId":"r"}', 'a redirect'],
    ['304', 304, '', 'a redirect'],
    ['a success without RequestId', 200, '{}', 'an answer without RequestId'],
    ['a success with an empty RequestId', 200, '{"RequestId":""}', 'an answer without RequestId'],
    ['an error without a code', 400, '{"error":"x"}', 'an error without a code'],
    ['an error whose code is a number', 500, '{"Code":503,"RequestId":"r"}', 'an error without a code'],
    ['an error whose code is a sentence', 400, '{"Code":"No way","RequestId":"r"}', 'an error without a code'],
    ['an error without RequestId', 400, '{"Code":"Xy"}', 'an error without RequestId'],
    [
      'XML with a list, of which only the leaves would be seen',
      200,
      '<KMS><RequestId>r</RequestId><Tags><Tag><TagKey>a</TagKey></Tag></Tags></KMS>',
      'XML where JSON was asked for',
    ],
    [
      'a success with a tag that is not UTF-8',
      200,
      Buffer.from([...Buffer.from('{"RequestId":"r","T":"'), 0xff, ...Buffer.from('"}')]),
      'text that is not UTF-8',
    ],
    ['a gzip header', 200, Buffer.from([0x1f, 0x8b, 8, 0]), 'neither JSON nor XML'],
    [
      'JSON that is nested a million levels deep and cut off',
      200,
      `{"a":${'['.repeat(1_000_000)}`,
      'cut-off or malformed JSON',
    ],
  ])('%s', (_, status, body, reason) => {
    expect(read(status, body)).toEqual({ kind: 'unreadable', reason });
  });
});

describe('any bytes at all', () => {
  it('are never an exception', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      '"',
      ':',
      ',',
      '<',
      '>',
      '</',
      'KMS',
      'Code',
      'RequestId',
      '&amp;',
      '\\u0000',
      ' ',
      '?xml',
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.json().map((json) => Buffer.from(json)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), body, (status, bytes) => {
        expect(['success', 'error', 'unreadable']).toContain(read(status, bytes).kind);
      }),
      { numRuns: 500 },
    );
  });

  it('take time in proportion to their number', { retry: 2 }, () => {
    const hostile = [
      `<KMS>${'<a'.repeat(500_000)}</KMS>`,
      `<KMS>${'<a>'.repeat(300_000)}</KMS>`,
      `<?xml ${'?'.repeat(1_000_000)}`,
      `<KMS>${'<a></b>'.repeat(150_000)}</KMS>`,
      `<KMS>${'&amp'.repeat(250_000)}</KMS>`,
      `{"a":${'{"a":'.repeat(200_000)}`,
      `<${'a'.repeat(1_000_000)}`,
      `<KMS>${'<a>'.padEnd(1_000_000, 'x')}</KMS>`,
      `<a>${' '.repeat(1_000_000)}x`,
    ];
    const start = performance.now();
    for (const text of hostile) read(200, text);
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});
