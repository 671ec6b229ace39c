import { Transform } from 'node:stream';
import { STDIO_DEFAULT_MAX_BUFFER_SIZE } from '@modelcontextprotocol/server';
import { parseJson } from '../base/json.js';
import { type ErrorReply, errorReply, readMessage } from '../mcp/incoming-message.js';

const NEWLINE = 0x0a;
/** What is kept of each end of a line that is too long: enough to find its id. */
const KEPT_BYTES = 4_096;
const PARSE_ERROR = -32_700;

/**
 * Stands before the SDK's stdio transport: lets sound messages through, one a line, and answers requests that the
 * transport would drop or that would end it. A batch goes through as its messages, each with an answer of its own. Lines
 * in which no request can be seen are dropped: on stdout nobody waits for an answer to them.
 */
export function stdioInput(answer: (reply: ErrorReply) => void): Transform {
  const line = lineBuffer(STDIO_DEFAULT_MAX_BUFFER_SIZE);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let rest = chunk;
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        line.add(rest.subarray(0, end));
        for (const text of soundMessages(line.take(), answer)) this.push(`${text}\n`);
        rest = rest.subarray(end + 1);
      }
      line.add(rest);
      done();
    },
  });
}

function soundMessages({ head, tail, text }: Line, answer: (reply: ErrorReply) => void): string[] {
  // Some shells write a byte order mark before the first line.
  const value = text === undefined ? undefined : parseJson(text.replace(/^\uFEFF/, ''));
  if (value === undefined) {
    const id = idIn(head, tail);
    const why = text === undefined ? 'the message is too long' : 'the message is not valid JSON';
    if (id !== undefined) answer(errorReply(id, PARSE_ERROR, `Parse error: ${why}`));
    return [];
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((each) => {
    const incoming = readMessage(each);
    if (incoming.kind === 'message') return [JSON.stringify(incoming.message)];
    if (incoming.isRequest) answer(incoming.reply);
    return [];
  });
}

/** The id of a request that cannot be parsed, looked for where nothing is nested: before `params`, and after. */
function idIn(head: string, tail: string): unknown {
  const brackets = /[{}[\]]/;
  const before = head.split(brackets, 2)[1] ?? '';
  const after = tail.trimEnd().replace(/\}$/, '').split(brackets).at(-1) ?? '';
  const outer = `${before},${after},`;
  if (!outer.includes('"method"')) return undefined;
  const [, id] = /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)\s*,/.exec(outer) ?? [];
  return id === undefined ? undefined : parseJson(id);
}

interface Line {
  readonly head: string;
  readonly tail: string;
  /** Undefined for a line that is too long. */
  readonly text: string | undefined;
}

/** Collects a line, and of one that is too long both ends. */
function lineBuffer(limit: number): { add(part: Buffer): void; take(): Line } {
  let parts: Buffer[] = [];
  let bytes = 0;
  let isLong = false;
  return {
    add(part) {
      parts.push(part);
      bytes += part.length;
      if (bytes <= limit) return;
      const all = Buffer.concat(parts);
      parts = [all.subarray(0, KEPT_BYTES), all.subarray(-KEPT_BYTES)].map((end) => Buffer.from(end));
      bytes = 2 * KEPT_BYTES;
      isLong = true;
    },
    take() {
      const all = Buffer.concat(parts);
      const line = {
        head: all.toString('utf8', 0, KEPT_BYTES),
        tail: all.subarray(-KEPT_BYTES).toString(),
        text: isLong ? undefined : all.toString(),
      };
      [parts, bytes, isLong] = [[], 0, false];
      return line;
    },
  };
}
