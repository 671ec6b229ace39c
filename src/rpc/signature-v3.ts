import { createHmac, hash } from 'node:crypto';

/** Name of the algorithm, as the `Authorization` header spells it. */
export const V3_ALGORITHM = 'ACS3-HMAC-SHA256';

/** Lower-case hex SHA-256 of an empty body. */
export const EMPTY_BODY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What the ACS3-HMAC-SHA256 signature covers. */
export interface V3Input {
  readonly method: string;
  /** `/` for every RPC product. */
  readonly path: string;
  /** Canonical query string, see `canonicalQuery`. */
  readonly query: string;
  /** Lower-case names and trimmed values in turn, sorted by name: `host`, `content-type` and every `x-acs-*`. */
  readonly headers: readonly string[];
  /** Lower-case hex SHA-256 of the body. */
  readonly bodySha256: string;
  readonly accessKeySecret: string;
}

export interface V3Signature {
  /** Header names joined with `;`, as they were signed. */
  readonly signedHeaders: string;
  /** Lower-case hex SHA-256 of the canonical request; tells where two signers differ. */
  readonly hashedCanonicalRequest: string;
  /** Lower-case hex. */
  readonly signature: string;
}

/**
 * The ACS3-HMAC-SHA256 signature ("V3").
 *
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */
export function signV3(input: V3Input): V3Signature {
  let canonicalHeaders = '';
  let signedHeaders = '';
  for (let index = 0; index < input.headers.length; index += 2) {
    const [name, value] = [input.headers[index] ?? '', input.headers[index + 1] ?? ''];
    canonicalHeaders += `${name}:${value}\n`;
    signedHeaders += signedHeaders === '' ? name : `;${name}`;
  }
  // canonicalHeaders ends with a newline of its own, hence the blank line before signedHeaders.
  const canonicalRequest = `${input.method}\n${input.path}\n${input.query}\n${canonicalHeaders}\n${signedHeaders}\n${input.bodySha256}`;
  const hashedCanonicalRequest = hash('sha256', canonicalRequest);
  const signature = createHmac('sha256', input.accessKeySecret)
    .update(`${V3_ALGORITHM}\n${hashedCanonicalRequest}`)
    .digest('hex');
  return { signedHeaders, hashedCanonicalRequest, signature };
}
