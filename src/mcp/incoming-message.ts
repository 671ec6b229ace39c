import {
  INVALID_PARAMS,
  INVALID_REQUEST,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
} from '@modelcontextprotocol/server';

/** What a value that came in is, before the SDK reads it. */
export type Incoming =
  | { readonly kind: 'message'; readonly message: JSONRPCMessage }
  | {
      readonly kind: 'refused';
      readonly reply: ErrorReply;
      /** Whether the sender gave an id, and so waits for the reply. */
      readonly isRequest: boolean;
    };

/** An error for the sender. Its message repeats nothing that came in but the id. */
export interface ErrorReply {
  readonly jsonrpc: '2.0';
  /** Null where none could be read (JSON-RPC 2.0, section 5). */
  readonly id: string | number | null;
  readonly error: { readonly code: number; readonly message: string };
}

/** No client nests its arguments deeper; readers that recurse, the SDK's among them, overflow the stack at some 5,000. */
const DEEPEST = 100;

/**
 * Reads one JSON-RPC message. The SDK's transports drop a request that is not quite valid, so that its sender waits for
 * ever; here it gets an error with its id. `params` and `_meta` of null count as absent, unknown members are left out.
 */
export function readMessage(value: unknown): Incoming {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused({}, INVALID_REQUEST, 'a message is a JSON object');
  }
  const fields: Fields = { ...value };
  if (isDeep(value)) return refused(fields, INVALID_REQUEST, `a message is nested at most ${DEEPEST} levels deep`);
  if (fields['jsonrpc'] !== '2.0') return refused(fields, INVALID_REQUEST, 'jsonrpc is "2.0"');
  if (isResponse(fields)) {
    return isJSONRPCResponse(value)
      ? { kind: 'message', message: value }
      : refused(fields, INVALID_REQUEST, 'a response has an id, and a result or an error');
  }
  const { jsonrpc, id, method } = fields;
  const params = withoutNull(fields['params']);
  const message = {
    jsonrpc,
    method,
    ...('id' in fields ? { id } : {}),
    ...(params === undefined ? {} : { params }),
  };
  if (isJSONRPCRequest(message) || isJSONRPCNotification(message)) return { kind: 'message', message };
  if (typeof method !== 'string') return refused(fields, INVALID_REQUEST, 'method is a string');
  if ('id' in fields && !isJSONRPCRequest({ jsonrpc, id, method })) {
    return refused(fields, INVALID_REQUEST, 'id is a string or an integer');
  }
  return refused(fields, INVALID_PARAMS, 'params is an object, and so is its _meta');
}

/** The id and code that a reply needs. */
export function errorReply(id: unknown, code: number, message: string): ErrorReply {
  const isEchoed = typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id));
  return { jsonrpc: '2.0', id: isEchoed ? id : null, error: { code, message } };
}

type Fields = Readonly<Record<string, unknown>>;

function refused(fields: Fields, code: number, rule: string): Incoming {
  const title = code === INVALID_PARAMS ? 'Invalid params' : 'Invalid Request';
  const isRequest = 'id' in fields && !isResponse(fields);
  return { kind: 'refused', reply: errorReply(fields['id'], code, `${title}: ${rule}`), isRequest };
}

function isResponse(fields: Fields): boolean {
  return !('method' in fields) && ('result' in fields || 'error' in fields);
}

function withoutNull(params: unknown): unknown {
  if (params === null) return undefined;
  if (typeof params !== 'object' || !('_meta' in params) || params._meta !== null) return params;
  const { _meta, ...rest } = params;
  return rest;
}

/** Level by level: a function that calls itself would overflow on the very messages that are to be found. */
function isDeep(value: object): boolean {
  let level: readonly object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((parent) => Object.values(parent).filter(isObject));
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
