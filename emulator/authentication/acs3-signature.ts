import { createHash } from 'node:crypto';
import { canonicalQuery } from '../../src/rpc/percent-encode.js';
import { signV3, V3_ALGORITHM } from '../../src/rpc/signature-v3.js';
import { kmsRefusal, missingCommonParameter } from '../refusal.js';
import { headerOf, type WireRequest } from '../wire-request.js';
import { equalInConstantTime } from './constant-time.js';
import type { SignedRequest } from './signed-request.js';

const AUTHORIZATION = /^ACS3-HMAC-SHA256 Credential=([^,\s]+),SignedHeaders=([^,\s]+),Signature=([0-9a-f]{64})$/;

/**
 * Reads the ACS3-HMAC-SHA256 signature of a request. Every `host`, `content-type` and `x-acs-*` header that is
 * present must be signed, and the body must have the hash that was signed.
 * Throws `Refusal`: IncompleteSignature, IllegalTimestamp, MissingSignatureNonce.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */
export function readAcs3Signature(request: WireRequest): SignedRequest {
  const [, accessKeyId, signedHeaders, sent] = AUTHORIZATION.exec(headerOf(request, 'authorization')) ?? [];
  if (accessKeyId === undefined || signedHeaders === undefined || sent === undefined) {
    throw kmsRefusal('IncompleteSignature');
  }
  const timestamp = headerOf(request, 'x-acs-date');
  if (timestamp === '') {
    throw kmsRefusal('IllegalTimestamp');
  }
  const nonce = headerOf(request, 'x-acs-signature-nonce');
  if (nonce === '') {
    throw missingCommonParameter('SignatureNonce');
  }
  const names = signedHeaders.split(';');
  const unsigned = Object.keys(request.headers).find((name) => mustBeSigned(name) && !names.includes(name));
  if (unsigned !== undefined || headerOf(request, 'x-acs-content-sha256') === '') {
    throw kmsRefusal('IncompleteSignature');
  }
  return {
    accessKeyId,
    securityToken: headerOf(request, 'x-acs-security-token'),
    timestamp,
    nonce,
    verify(accessKeySecret) {
      const bodySha256 = createHash('sha256').update(request.body).digest('hex');
      const { signature, hashedCanonicalRequest } = signV3({
        method: request.method,
        path: request.path,
        query: canonicalQuery(request.query),
        headers: names.sort().flatMap((name) => [name, headerOf(request, name)]),
        bodySha256,
        accessKeySecret,
      });
      const bodyMatches = equalInConstantTime(headerOf(request, 'x-acs-content-sha256'), bodySha256);
      const matches = equalInConstantTime(sent, signature) && bodyMatches;
      return { matches, stringToSign: `${V3_ALGORITHM}\n${hashedCanonicalRequest}` };
    },
  };
}

function mustBeSigned(header: string): boolean {
  return header === 'host' || header === 'content-type' || header.startsWith('x-acs-');
}
