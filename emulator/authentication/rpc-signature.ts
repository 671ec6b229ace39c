import { canonicalQuery, percentEncode } from '../../src/rpc/percent-encode.js';
import { signV1 } from '../../src/rpc/signature-v1.js';
import { kmsRefusal, missingCommonParameter } from '../refusal.js';
import type { WireRequest } from '../wire-request.js';
import { equalInConstantTime } from './constant-time.js';
import type { SignedRequest } from './signed-request.js';

/**
 * Reads the HMAC-SHA1 RPC signature of a request, from URL and form body together: clients may split the
 * parameters as they like, and need not encode them on the wire as they did for signing.
 * Throws `Refusal`: `Missing<Name>`, IllegalTimestamp, IncompleteSignature (another method or version).
 */
export function readRpcSignature({ method, parameters }: WireRequest): SignedRequest {
  const accessKeyId = required(parameters, 'AccessKeyId');
  const timestamp = parameters['Timestamp'] ?? '';
  if (timestamp === '') {
    throw kmsRefusal('IllegalTimestamp');
  }
  const nonce = required(parameters, 'SignatureNonce');
  const signatureMethod = required(parameters, 'SignatureMethod');
  const signatureVersion = required(parameters, 'SignatureVersion');
  const sent = required(parameters, 'Signature');
  if (signatureMethod.toUpperCase() !== 'HMAC-SHA1' || signatureVersion !== '1.0') {
    throw kmsRefusal('IncompleteSignature');
  }
  const { Signature: _, ...signed } = parameters;
  return {
    accessKeyId,
    securityToken: parameters['SecurityToken'] ?? '',
    timestamp,
    nonce,
    verify(accessKeySecret) {
      const matches = equalInConstantTime(sent, signV1({ method, parameters: signed, accessKeySecret }));
      const stringToSign = matches ? '' : `${method}&%2F&${percentEncode(canonicalQuery(signed))}`;
      return { matches, stringToSign };
    },
  };
}

function required(parameters: WireRequest['parameters'], name: string): string {
  const value = parameters[name] ?? '';
  if (value === '') {
    throw missingCommonParameter(name);
  }
  return value;
}
