import { createHmac } from 'node:crypto';
import { canonicalQuery, percentEncode } from './percent-encode.js';

/** What the HMAC-SHA1 RPC signature covers. */
export interface V1Input {
  /** Upper case; GET and POST give different signatures. */
  readonly method: string;
  /** Every parameter of query and form body together, without `Signature`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly accessKeySecret: string;
}

/**
 * The HMAC-SHA1 RPC signature (SignatureVersion 1.0), base64.
 *
 * Today's help pages call it V2 and advise V3; the KMS pages and `@alicloud/kms20160120` still use it.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
 */
export function signV1({ method, parameters, accessKeySecret }: V1Input): string {
  const stringToSign = `${method}&%2F&${percentEncode(canonicalQuery(parameters))}`;
  return createHmac('sha1', `${accessKeySecret}&`).update(stringToSign).digest('base64');
}
