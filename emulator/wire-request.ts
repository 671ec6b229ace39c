import { gatewayRefusal, kmsRefusal } from './refusal.js';

/** One HTTP request, its body read. Header names are lower case; repeated headers keep all their values. */
export interface IncomingCall {
  readonly method: string;
  /** The request target as it was sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
  /** The body was longer than the service takes; `body` is then empty. */
  readonly isTooLarge: boolean;
}

export type SignatureScheme = 'v1' | 'v3';

/** An RPC call, decoded but neither authenticated nor checked against any operation. */
export interface WireRequest extends IncomingCall {
  readonly path: string;
  /** Parameters of the URL alone, which is what the V3 signature covers. */
  readonly query: Readonly<Record<string, string>>;
  /** Parameters of URL and form body together. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly scheme: SignatureScheme;
  /** Empty when the call names none. */
  readonly action: string;
  readonly version: string;
}

/**
 * Decodes a request. Throws `Refusal`: `ParseRequestParameterException` for percent-encoding that is not UTF-8,
 * and for a parameter given twice (signers cannot agree on which was meant); `RequestEntityTooLarge`.
 */
export function parseWireRequest(incoming: IncomingCall): WireRequest {
  if (incoming.isTooLarge) {
    throw gatewayRefusal('RequestEntityTooLarge');
  }
  const mark = incoming.url.indexOf('?');
  const path = mark < 0 ? incoming.url : incoming.url.slice(0, mark);
  const query = decodePairs(mark < 0 ? '' : incoming.url.slice(mark + 1));
  const isForm = headerOf(incoming, 'content-type').toLowerCase().startsWith('application/x-www-form-urlencoded');
  const merged = isForm ? decodePairs(incoming.body.toString('utf8'), new Map(query)) : query;
  const parameters = Object.fromEntries(merged);
  const scheme = incoming.headers['authorization'] === undefined ? 'v1' : 'v3';
  return {
    ...incoming,
    path,
    query: Object.fromEntries(query),
    parameters,
    scheme,
    action: scheme === 'v3' ? headerOf(incoming, 'x-acs-action') : (parameters['Action'] ?? ''),
    version: scheme === 'v3' ? headerOf(incoming, 'x-acs-version') : (parameters['Version'] ?? ''),
  };
}

/** A header's value, trimmed; several values sorted and joined with a comma, as the official SDKs sign them. */
export function headerOf(incoming: IncomingCall, name: string): string {
  const values = incoming.headers[name];
  if (values === undefined) {
    return '';
  }
  const trimmed = values.map((value) => value.trim());
  return trimmed.length === 1 ? (trimmed[0] ?? '') : trimmed.sort().join(',');
}

function decodePairs(text: string, into: Map<string, string> = new Map()): Map<string, string> {
  for (const pair of text.split('&')) {
    if (pair === '') {
      continue;
    }
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (into.has(name)) {
      throw kmsRefusal('ParseRequestParameterException');
    }
    into.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return into;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    throw kmsRefusal('ParseRequestParameterException');
  }
}
