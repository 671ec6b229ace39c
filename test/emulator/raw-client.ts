import { createHash, randomUUID } from 'node:crypto';
import type { Emulator } from '../../emulator/index.js';
import { canonicalQuery } from '../../src/rpc/percent-encode.js';
import { signV1 } from '../../src/rpc/signature-v1.js';
import { signV3, V3_ALGORITHM } from '../../src/rpc/signature-v3.js';

/** A reply as it came, and parsed when it is JSON. */
export interface RawReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface RawOptions {
  readonly method?: string;
  /** Whose endpoint is called; the first region's without it. */
  readonly regionId?: string;
  /** Send everything in a form body (V1 only). */
  readonly isForm?: boolean;
  readonly now?: number;
  readonly nonce?: string;
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly securityToken?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Texts = Readonly<Record<string, string>>;

/** One HMAC-SHA1 call. A parameter given here replaces the common parameter of its name; undefined leaves it out. */
export async function callV1(
  emulator: Emulator,
  Action: string,
  parameters: Readonly<Record<string, string | undefined>> = {},
  options: RawOptions = {},
): Promise<RawReply> {
  const { method = 'POST', isForm = false, now = Date.now() } = options;
  const all = present({
    Action,
    Version: '2016-01-20',
    Format: 'JSON',
    AccessKeyId: options.accessKeyId ?? emulator.accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: options.nonce ?? randomUUID(),
    Timestamp: timestamp(now),
    SecurityToken: options.securityToken,
    ...parameters,
  });
  const accessKeySecret = options.accessKeySecret ?? emulator.accessKeySecret;
  const signed = canonicalQuery({ Signature: signV1({ method, parameters: all, accessKeySecret }), ...all });
  const endpoint = endpointOf(emulator, options);
  return send(isForm ? `${endpoint}/` : `${endpoint}/?${signed}`, {
    method,
    headers: { ...(isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}), ...options.headers },
    ...(isForm ? { body: signed } : {}),
  });
}

/** One ACS3-HMAC-SHA256 call. `headers` are signed when they must be; `unsigned` headers are added afterwards. */
export async function callV3(
  emulator: Emulator,
  action: string,
  parameters: Texts = {},
  options: RawOptions & { readonly unsigned?: Texts; readonly body?: string } = {},
): Promise<RawReply> {
  const { method = 'POST', now = Date.now(), body = '' } = options;
  const bodySha256 = createHash('sha256').update(body).digest('hex');
  const headers = present({
    host: new URL(endpointOf(emulator, options)).host,
    'x-acs-action': action,
    'x-acs-version': '2016-01-20',
    'x-acs-date': timestamp(now),
    'x-acs-signature-nonce': options.nonce ?? randomUUID(),
    'x-acs-content-sha256': bodySha256,
    'x-acs-security-token': options.securityToken,
    ...options.headers,
  });
  const query = canonicalQuery(parameters);
  const { signature, signedHeaders } = signV3({
    method,
    path: '/',
    query,
    headers: Object.entries(headers)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .flat(),
    bodySha256,
    accessKeySecret: options.accessKeySecret ?? emulator.accessKeySecret,
  });
  const credential = options.accessKeyId ?? emulator.accessKeyId;
  const authorization = `${V3_ALGORITHM} Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;
  return send(`${endpointOf(emulator, options)}/?${query}`, {
    method,
    headers: { ...headers, authorization, ...options.unsigned },
    ...(body === '' ? {} : { body: Buffer.from(body) }),
  });
}

function endpointOf(emulator: Emulator, { regionId }: RawOptions): string {
  return regionId === undefined ? emulator.endpoint : emulator.region(regionId).endpoint;
}

/** Sends anything at all. */
export async function send(url: string, init: RequestInit = {}): Promise<RawReply> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

/** UTC, no milliseconds. */
function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

function present(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) {
      kept[name] = value;
    }
  }
  return kept;
}
