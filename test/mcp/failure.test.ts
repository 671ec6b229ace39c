import { describe, expect, it } from 'vitest';
import { WriteFailed } from '../../src/changes/single-change.js';
import { failureText } from '../../src/mcp/text/failure.js';
import { RpcError, type RpcFailure } from '../../src/rpc/rpc-error.js';

const bugs: unknown[] = [];
const onUnexpectedError = (error: unknown): void => void bugs.push(error);
const host = 'kms.cn-hangzhou.aliyuncs.com';
const CHANGE = '20261124T121901123Z-5f3a9c01';
const refusal: RpcFailure = {
  kind: 'service',
  code: 'Forbidden.KeyNotFound',
  message: 'Not "there"',
  requestId: 'r-1',
  httpStatus: 404,
};
const trouble: RpcFailure = {
  kind: 'service',
  code: 'InternalFailure',
  message: '',
  requestId: undefined,
  httpStatus: 500,
};

const reading = (failure: RpcFailure, attempts = 1) =>
  failureText(new RpcError(failure, 'unknown', attempts), onUnexpectedError);
const writing = (failure: RpcFailure, effect: 'none' | 'unknown', attempts = 1) =>
  failureText(new WriteFailed(new RpcError(failure, effect, attempts), CHANGE), onUnexpectedError);

describe('the text of a failed request', () => {
  it('of the service: its code, its message quoted, its status, the RequestId, what is true, a hint', () => {
    expect(writing(refusal, 'none')).toBe(
      'Forbidden.KeyNotFound: KMS answered "Not \\"there\\"" (HTTP 404). RequestId r-1. Nothing was changed. ' +
        'Check the key ID and the region: a key lives in one region only. find_resources lists them.',
    );
  });

  it('of the service without a message or a RequestId, after several attempts', () => {
    expect(writing(trouble, 'unknown', 5)).toMatch(
      /^InternalFailure: KMS answered no message \(HTTP 500\) after 5 attempts\. +Whether the change was made is not known \(ChangeId 20261124T121901123Z-5f3a9c01\)\. Repeating the call is safe; /,
    );
  });

  it('says so when an earlier attempt got no answer and the last one was refused', () => {
    expect(writing(refusal, 'unknown', 2)).toMatch(
      /An earlier attempt got no answer\. Whether the change was made is not known/,
    );
    expect(writing(trouble, 'unknown', 2)).not.toContain('An earlier attempt');
  });

  it.each<[string, RpcFailure, RegExp, RegExp]>([
    [
      'no connection',
      { kind: 'unreachable', host, reason: 'ECONNREFUSED' },
      /^ENDPOINT_UNREACHABLE: No connection to kms/,
      /^OUTCOME_UNKNOWN: The connection to kms.* was lost/,
    ],
    [
      'no reply',
      { kind: 'no-reply', host, reason: 'timeout' },
      /^ENDPOINT_UNREACHABLE: .*no complete answer came \(timeout\)/,
      /^OUTCOME_UNKNOWN: .*no complete answer came/,
    ],
    [
      'a page',
      { kind: 'unreadable', host, reason: 'an HTML page', httpStatus: 502 },
      /^ENDPOINT_UNREACHABLE: .*was not KMS's own/,
      /^OUTCOME_UNKNOWN: .*was not KMS's own/,
    ],
    ['cancelled', { kind: 'cancelled', sent: true }, /^CANCELLED: /, /^OUTCOME_UNKNOWN: The call was cancelled while/],
    ['out of time', { kind: 'deadline' }, /^BUSY: Time ran out before/, /^OUTCOME_UNKNOWN: Time ran out/],
  ])('of %s: one code when nothing was changed, another when that is not known', (_, failure, none, unknown) => {
    expect(writing(failure, 'none')).toMatch(none);
    expect(writing(failure, 'none')).toContain('Nothing was changed.');
    expect(writing(failure, 'unknown')).toMatch(unknown);
    expect(writing(failure, 'unknown')).toMatch(/not known.*Repeating the call is safe/s);
    expect(writing(failure, 'unknown')).not.toContain('Nothing was changed');
    // A reading changes nothing, whatever became of it.
    expect(reading(failure, 3)).toMatch(none);
    expect(reading(failure, 3)).toContain('Nothing was changed.');
  });

  it.each<[string, RpcFailure, string]>([
    [
      'a proxy that wants a password',
      { kind: 'unreachable', host, reason: 'the proxy answered HTTP 407', proxy: 'p:3128', trouble: 'proxy-refusal' },
      `No connection to ${host} through the proxy p:3128 (the proxy answered HTTP 407). Nothing was changed. Put the user and password of the proxy into the proxy variable: http://user:password@host:port.`,
    ],
    [
      'a missing company CA',
      { kind: 'unreachable', host, reason: 'SELF_SIGNED_CERT_IN_CHAIN', trouble: 'certificate' },
      `No connection to ${host} (SELF_SIGNED_CERT_IN_CHAIN). Nothing was changed. If a proxy of your company signs certificates, set NODE_EXTRA_CA_CERTS to the file with its CA certificate in the environment of the MCP server, then restart it.`,
    ],
    [
      'a certificate that has ended',
      { kind: 'unreachable', host, reason: 'CERT_HAS_EXPIRED', trouble: 'certificate' },
      `No connection to ${host} (CERT_HAS_EXPIRED). Nothing was changed. Check the clock of the machine that runs the MCP server; if it is right, the certificate must be renewed.`,
    ],
  ])('of %s: what to do about it', (_, failure, text) => {
    expect(reading(failure)).toBe(`ENDPOINT_UNREACHABLE: ${text}`);
  });

  it('of a bug: no word of the error itself, which goes to the operator', () => {
    const error = new Error('secret detail');
    expect(failureText(error, onUnexpectedError)).toMatch(/^INTERNAL_ERROR: (?!.*secret detail).*unknown\./s);
    expect(bugs).toContain(error);
  });
});
