import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyFailure, DEFAULT_RETRY, delayBefore, mayHaveActed } from '../../src/rpc/retry-policy.js';
import type { RpcFailure } from '../../src/rpc/rpc-error.js';

const host = 'kms.cn-hangzhou.aliyuncs.com';

function service(httpStatus: number, code: string): RpcFailure {
  return { kind: 'service', code, message: '', requestId: undefined, httpStatus };
}

function unreadable(httpStatus: number): RpcFailure {
  return { kind: 'unreadable', host, reason: 'an HTML page', httpStatus };
}

describe('what a failure means, and whether the request may have been carried out', () => {
  it.each([
    ['Rejected.Throttling', service(429, 'Rejected.Throttling'), 'throttled', false],
    ['Throttling', service(400, 'Throttling'), 'throttled', false],
    ['Throttling.User', service(400, 'Throttling.User'), 'throttled', false],
    ['Throttling.Api', service(400, 'Throttling.Api'), 'throttled', false],
    ['RequestThrottled', service(400, 'RequestThrottled'), 'throttled', false],
    ['throttling with HTTP 503', service(503, 'ServiceUnavailable.Throttling'), 'throttled', true],
    ['throttling with HTTP 200', service(200, 'Throttling.User'), 'throttled', false],
    ['429 with any code', service(429, 'TooManyRequests'), 'throttled', false],
    ['429 with a page', unreadable(429), 'throttled', true],
    ['InternalFailure', service(500, 'InternalFailure'), 'transient', true],
    ['InternalFailure with HTTP 200', service(200, 'InternalFailure'), 'transient', true],
    ['InternalError', service(500, 'InternalError'), 'transient', true],
    ['ServiceUnavailableTemporary', service(503, 'ServiceUnavailableTemporary'), 'transient', true],
    ['ServiceUnavailable', service(503, 'ServiceUnavailable'), 'transient', true],
    ['an unknown code with a 5xx', service(502, 'Whatever'), 'transient', true],
    ['SignatureNonceUsed, which says that a copy arrived', service(400, 'SignatureNonceUsed'), 'transient', true],
    ['an unknown code with the lowest 5xx', service(500, 'Whatever'), 'transient', true],
    ['an unknown code with the highest 4xx', service(499, 'Whatever'), 'final', false],
    ['a page with a 5xx', unreadable(502), 'transient', true],
    ['a page with the lowest 5xx', unreadable(500), 'transient', true],
    ['a page with the highest 4xx', unreadable(499), 'final', true],
    ['a page with the lowest 3xx', unreadable(300), 'final', true],
    ['a page with the highest 2xx', unreadable(299), 'transient', true],
    ['a page that says time is up', unreadable(408), 'final', true],
    ['a page with HTTP 200', unreadable(200), 'transient', true],
    ['no connection', { kind: 'unreachable', host, reason: 'ECONNREFUSED' }, 'transient', false],
    ['an untrusted certificate', { kind: 'unreachable', host, reason: 'x', trouble: 'certificate' }, 'final', false],
    ['a proxy that refuses', { kind: 'unreachable', host, reason: 'x', trouble: 'proxy-refusal' }, 'final', false],
    ['an unusable proxy', { kind: 'unreachable', host, reason: 'x', trouble: 'proxy-setting' }, 'final', false],
    ['no reply', { kind: 'no-reply', host, reason: 'ECONNRESET' }, 'transient', true],
    ['InvalidTimeStamp.Expired', service(400, 'InvalidTimeStamp.Expired'), 'clock-skew', false],
    ['IllegalTimestamp', service(400, 'IllegalTimestamp'), 'clock-skew', false],
    ['RequestTimeTooSkewed', service(403, 'RequestTimeTooSkewed'), 'clock-skew', false],
    ['InvalidAccessKeyId.NotFound', service(404, 'InvalidAccessKeyId.NotFound'), 'bad-credentials', false],
    ['InvalidAccessKeyId', service(404, 'InvalidAccessKeyId'), 'bad-credentials', false],
    ['InvalidAccessKeyId.Inactive', service(400, 'InvalidAccessKeyId.Inactive'), 'bad-credentials', false],
    ['InvalidSecurityToken.Expired', service(400, 'InvalidSecurityToken.Expired'), 'bad-credentials', false],
    ['MissingSecurityToken', service(400, 'MissingSecurityToken'), 'bad-credentials', false],
    ['SignatureDoesNotMatch', service(400, 'SignatureDoesNotMatch'), 'bad-credentials', false],
    ['IncompleteSignature', service(400, 'IncompleteSignature'), 'bad-credentials', false],
    ['Forbidden.AccessKey', service(403, 'Forbidden.AccessKey'), 'bad-credentials', false],
    ['Forbidden.KeyNotFound', service(404, 'Forbidden.KeyNotFound'), 'final', false],
    ['Forbidden.NoPermission', service(403, 'Forbidden.NoPermission'), 'final', false],
    ['InvalidParameter', service(400, 'InvalidParameter'), 'final', false],
    ['InvalidAction.NotFound', service(404, 'InvalidAction.NotFound'), 'final', false],
    ['Rejected.Disabled', service(409, 'Rejected.Disabled'), 'final', false],
    ['Rejected.LimitExceeded', service(400, 'Rejected.LimitExceeded'), 'final', false],
    ['a page with a 4xx', unreadable(403), 'final', true],
    ['a redirect', unreadable(302), 'final', true],
    ['the caller’s signal before anything left', { kind: 'cancelled', sent: false }, 'final', false],
    ['the caller’s signal after the request may have left', { kind: 'cancelled', sent: true }, 'final', true],
    ['the deadline', { kind: 'deadline' }, 'final', false],
  ] as const)('%s', (_, failure, decision, acted) => {
    expect([classifyFailure(failure), mayHaveActed(failure)]).toEqual([decision, acted]);
  });
});

describe('the wait before another attempt', () => {
  const attempt = fc.integer({ min: 2, max: 12 });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const ceilingOf = (next: number): number => Math.min(5_000, 200 * 2 ** (next - 2));

  it('is spread over the whole range from nothing to the ceiling, which doubles up to five seconds', () => {
    fc.assert(
      fc.property(attempt, random, (next, drawn) => {
        const delay = delayBefore(next, DEFAULT_RETRY, () => drawn, undefined);
        expect(delay).toBe(Math.floor(drawn * ceilingOf(next)));
      }),
    );
  });

  it('is never shorter than x-acs-retry-after says, in milliseconds', () => {
    fc.assert(
      fc.property(attempt, random, fc.integer({ min: 1, max: 999_999_999 }), (next, drawn, asked) => {
        const delay = delayBefore(next, DEFAULT_RETRY, () => drawn, String(asked));
        expect(delay).toBeGreaterThanOrEqual(asked);
        expect(delay).toBeLessThan(asked + ceilingOf(next));
      }),
    );
  });

  it.each(['', '0', '-5', '1.5', '1e3', ' 7', '0x10', '007', 'soon', '١', '9'.repeat(400)])(
    'ignores x-acs-retry-after %j',
    (retryAfter) => {
      expect(delayBefore(2, DEFAULT_RETRY, () => 0, retryAfter)).toBe(0);
    },
  );
});
