import { isUtf8 } from 'node:buffer';
import { parseJson } from '../base/json.js';
import type { WireReply } from './transport.js';

/** A reply, understood. Text in it is the service's: data, never instructions. */
export type Reply =
  | { readonly kind: 'success'; readonly body: Readonly<Record<string, unknown>>; readonly requestId: string }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly requestId: string | undefined;
    }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Some services answer HTTP 200 with one of these in `Code`; anything else there is an error. */
const SUCCESS_CODES: ReadonlySet<string> = new Set(['OK', 'Success', '200']);
/** What error codes look like (`Rejected.Throttling`); a proxy's own JSON has numbers and sentences there. */
const CODE = /^[A-Za-z][\w.-]{1,127}$/;

/**
 * Reads a reply of any RPC product: JSON or XML, KMS's own error body (`HttpStatus, Code, Message, RequestId`) and
 * the gateway's (`RequestId, Message, Recommend, HostId, Code`), lower-case spellings, HTTP 200 with an error `Code`.
 *
 * An error is the service's own only with a code and a RequestId; a success is one in every field that is known. Whatever
 * else comes (a page of a proxy, a cut-off or empty body, a redirect) is `unreadable`, and proves nothing. Never throws.
 */
export function readReply(reply: WireReply): Reply {
  const unreadable = (reason: string): Reply => ({ kind: 'unreadable', reason });
  if (reply.status >= 300 && reply.status < 400) return unreadable('a redirect');
  // Takes a byte order mark off, too.
  const text = reply.body.toString().trimStart();
  const body = text.startsWith('{') ? asRecord(parseJson(text)) : text.startsWith('<') ? parseXml(text) : undefined;
  if (body === undefined) return unreadable(unreadableReason(text));

  const code = textField(body, 'Code', 'code');
  // In the body: a filter that puts words of its own in place of the answer may leave the service's headers as they were.
  const requestId = identifier(textField(body, 'RequestId', 'requestId'));
  const succeeded = reply.status >= 200 && reply.status < 300;
  if (succeeded && (code === undefined || SUCCESS_CODES.has(code))) {
    // An error with broken characters still has its code; a tag with broken characters is a wrong tag.
    if (!isUtf8(reply.body)) return unreadable('text that is not UTF-8');
    if (text.startsWith('<') && !isFlatXml(text)) return unreadable('XML where JSON was asked for');
    if (requestId === undefined) return unreadable('an answer without RequestId');
    if (contradictsSuccess(body)) return unreadable('an answer that says both success and failure');
    return { kind: 'success', body, requestId };
  }
  if (code === undefined || !CODE.test(code)) return unreadable('an error without a code');
  if (requestId === undefined) return unreadable('an error without RequestId');
  return { kind: 'error', code, message: textField(body, 'Message', 'message') ?? '', requestId };
}

/** Fields with which services say that a call failed although it came with HTTP 200. */
function contradictsSuccess(body: Readonly<Record<string, unknown>>): boolean {
  const success = textField(body, 'Success', 'success');
  const status = Number(textField(body, 'HttpStatus', 'httpStatus', 'HttpStatusCode', 'httpStatusCode') ?? 200);
  const isSuccess = success === undefined || /^(true|1)$/i.test(success);
  return !isSuccess || !(status >= 200 && status < 300) || ERROR_FIELDS.some((name) => saysSomething(body, name));
}

const ERROR_FIELDS = ['ErrorCode', 'ErrorMessage', 'Error', 'Errors', 'errorCode', 'errorMessage', 'error', 'errors'];

/** Whether a field is there and is more than an empty text, list or object, or `false`. */
function saysSomething(body: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  if (value === undefined || value === null || value === '' || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

const XML_ROOT = /^(?:<\?xml[^>]*\?>\s*)?<([A-Za-z][\w.-]*)(?:\s[^>]*)?>/;
const XML_LEAF = /<([A-Za-z][\w.-]*)>([^<]*)<\/\1>/g;

/**
 * The leaf elements of a small XML document, which is all that error bodies and the replies to tag writes hold. JSON
 * is what we ask for; XML comes only from gateways that ignore that.
 */
function parseXml(text: string): Readonly<Record<string, unknown>> | undefined {
  const root = XML_ROOT.exec(text)?.[1];
  if (root === undefined || root.toLowerCase() === 'html') return undefined;
  if (!text.trimEnd().endsWith(`</${root}>`)) return undefined;
  const fields: [string, string][] = [];
  for (const [, name, value] of text.matchAll(XML_LEAF)) {
    if (name !== undefined && value !== undefined) fields.push([name, decodeEntities(value)]);
  }
  return Object.fromEntries(fields);
}

/** Whether leaves are all there is below the root. In any other document `parseXml` sees but a part, such as no tags. */
function isFlatXml(text: string): boolean {
  return /^<\/[^>]*>\s*$/.test(text.replace(XML_ROOT, '').replace(XML_LEAF, '').trimStart());
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

function unreadableReason(text: string): string {
  if (text === '') return 'an empty body';
  if (text.startsWith('{')) return 'cut-off or malformed JSON';
  if (text.startsWith('<')) return 'an HTML page or malformed XML';
  return 'neither JSON nor XML';
}

/** A non-empty string, number or boolean, as text, under the first of `names` that the body has. */
function textField(body: Readonly<Record<string, unknown>>, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return undefined;
}

/** A UUID, or whatever else is one word. Anything longer is no identifier, and may repeat the request with its token. */
function identifier(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:-]{1,64}$/.test(text) ? text : undefined;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
