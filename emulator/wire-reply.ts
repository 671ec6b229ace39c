import { hostOf, type Product } from './product.js';
import type { ErrorReply } from './refusal.js';
import { headerOf, type IncomingCall } from './wire-request.js';

/** What an operation answers with, before it is rendered. */
export type ReplyValue = string | number | boolean | readonly ReplyValue[] | ReplyBody;
export interface ReplyBody {
  readonly [name: string]: ReplyValue;
}

/** A reply ready to be written. `Date` and the length are added where it is written. */
export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type ReplyFormat = 'JSON' | 'XML';

/**
 * The format a caller asks for: the `Format` parameter in any case, else with V3 the `Accept` header. JSON
 * otherwise, which is KMS's default though not the default of other RPC products.
 */
export function replyFormat(incoming: IncomingCall): ReplyFormat {
  const wanted = /[?&]Format=(\w+)/.exec(`${incoming.url}&${formText(incoming)}`)?.[1];
  if (wanted !== undefined) {
    return wanted.toUpperCase() === 'XML' ? 'XML' : 'JSON';
  }
  const accept = incoming.headers['authorization'] === undefined ? '' : headerOf(incoming, 'accept').toLowerCase();
  return accept.includes('xml') && !accept.includes('json') ? 'XML' : 'JSON';
}

// Read from the raw text because the reply to a request that cannot be decoded has a format too.
function formText(incoming: IncomingCall): string {
  const isForm = headerOf(incoming, 'content-type').startsWith('application/x-www-form-urlencoded');
  return isForm ? incoming.body.toString('latin1') : '';
}

/** Who answers, to whom, in which format. */
export interface ReplyContext {
  readonly product: Product;
  readonly regionId: string;
  /** In lower case. KMS writes it so; all others in upper case. */
  readonly uuid: string;
  readonly format: ReplyFormat;
}

/** A success: the RequestId with the operation's own fields. */
export function renderSuccess(body: ReplyBody, action: string, { product, uuid, format }: ReplyContext): WireReply {
  const [root, requestId] = product === 'Kms' ? ['KMS', uuid] : [`${action}Response`, uuid.toUpperCase()];
  return render(200, root, { RequestId: requestId, ...body }, requestId, format);
}

/**
 * An error in the shape of whoever refused: KMS `{HttpStatus, Code, Message, RequestId}` with a lower-case
 * RequestId, the gateway, and every product but KMS, `{RequestId, Message, Recommend, HostId, Code}` with an upper-case
 * one.
 */
export function renderError(error: ErrorReply, { product, regionId, uuid, format }: ReplyContext): WireReply {
  if (error.source === 'kms' && product === 'Kms') {
    const body = { HttpStatus: error.status, Code: error.code, Message: error.message, RequestId: uuid };
    return render(error.status, 'KMS', body, uuid, format);
  }
  const requestId = uuid.toUpperCase();
  const body = {
    RequestId: requestId,
    Message: error.message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${error.code}&product=${product}&requestId=${requestId}`,
    HostId: hostOf(product, regionId),
    Code: error.code,
  };
  return render(error.status, 'Error', body, requestId, format);
}

function render(status: number, root: string, body: ReplyBody, requestId: string, format: ReplyFormat): WireReply {
  const type = format === 'XML' ? 'text/xml;charset=utf-8' : 'application/json;charset=utf-8';
  return {
    status,
    headers: { 'Content-Type': type, 'x-acs-request-id': requestId },
    body: format === 'XML' ? `<?xml version='1.0' encoding='UTF-8'?>${element(root, body)}` : JSON.stringify(body),
  };
}

function element(name: string, value: ReplyValue): string {
  if (typeof value !== 'object') {
    return `<${name}>${escapeText(String(value))}</${name}>`;
  }
  if (isList(value)) {
    return value.map((item) => element(name, item)).join('');
  }
  const children = Object.entries(value).map(([child, content]) => element(child, content));
  return `<${name}>${children.join('')}</${name}>`;
}

function isList(value: ReplyBody | readonly ReplyValue[]): value is readonly ReplyValue[] {
  return Array.isArray(value);
}

/** A time as RAM and STS print it: ISO 8601 without milliseconds. `at` in milliseconds. */
export function printTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeText(text: string): string {
  // XML 1.0 has no way to write control characters, and a tag value may hold any.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  const printable = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return printable.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
