import { describe, expect, it } from 'vitest';
import { hintFor } from '../../src/aliyun/kms/error-hints.js';

describe('the next step after an error code', () => {
  const unknown = hintFor('No.Such.Code');

  it.each([
    'InternalFailure',
    'ServiceUnavailableTemporary',
    'InvalidAccessKeyId.NotFound',
    'InvalidAccessKeyId.Inactive',
    'Forbidden.KeyNotFound',
    'Forbidden.AliasNotFound',
    'Forbidden.ResourceNotFound',
    'Certificate.NotFound',
    'InvalidResourceId.NotFound',
    'Forbidden.NoPermission',
    'Forbidden.RAM',
    'Forbidden.AccessKey',
    'Forbidden.KmsServiceNotEnabled',
    'Forbidden.InDebt',
    'Forbidden.InDebtOverdue',
    'Forbidden.ProhibitedByRiskControl',
    'MissingParameter',
    'InvalidParameter',
    'IncompleteSignature',
    'IllegalTimestamp',
    'InvalidTimeStamp.Expired',
    'Rejected.LimitExceeded',
    'Rejected.Throttling',
    'Throttling',
    'Throttling.User',
    'Throttling.Api',
    'Rejected.Disabled',
    'Rejected.PendingDeletion',
    'Rejected.PendingImport',
    'SignatureDoesNotMatch',
    'SignatureNonceUsed',
    'MissingSecurityToken',
    'InvalidSecurityToken.Expired',
    'InvalidSecurityToken.MismatchWithAccessKey',
    'InvalidAction.NotFound',
    'InvalidVersion',
    'NoSuchVersion',
    'UnsupportedOperation',
    'ServiceUnavailable',
    'InternalError',
    'InvalidRegionId.NotFound',
  ])('is known for %s', (code) => {
    expect(hintFor(code)).not.toBe(unknown);
    expect(hintFor(code)).toMatch(/^[A-Z].+\.$/);
  });

  it.each(['constructor', '__proto__', 'toString', '', '*'])('for a code such as %j is where to look it up', (code) => {
    expect(hintFor(code)).toBe(unknown);
  });
});
