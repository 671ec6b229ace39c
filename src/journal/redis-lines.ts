import * as z from 'zod';
import { RedisFailure } from './redis-failure.js';

/** Bounds of what is sent in one command: neither Redis nor the others who use it are held up by a large change. */
const CHUNK_BYTES = 256 * 1024;
const CHUNK_LINES = 500;

export interface LineChunk {
  readonly lines: readonly string[];
  readonly bytes: number;
}

/** Lines in portions that one command may hold. A line that is larger than that is a portion of its own. */
export function* chunksOf(lines: Iterable<string>): Generator<LineChunk, undefined> {
  let chunk: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = Buffer.byteLength(line);
    if (chunk.length > 0 && (bytes + size > CHUNK_BYTES || chunk.length === CHUNK_LINES)) {
      yield { lines: chunk, bytes };
      [chunk, bytes] = [[], 0];
    }
    chunk.push(line);
    bytes += size;
  }
  if (chunk.length > 0) yield { lines: chunk, bytes };
}

export const texts = z.array(z.string());

/** Lines of the first page, whose size nobody can know. */
export const FIRST_PAGE = 50;

/**
 * Lines in pages of about the size of a chunk. `total`: how many there are; those that are added meanwhile are not
 * given. `page` gives lines from one position to another. Throws when they have expired or were dropped before the end:
 * a part must not pass for the whole.
 */
export async function* linesInPages(
  first: readonly string[],
  total: number,
  page: (start: number, stop: number) => Promise<readonly string[]>,
): AsyncGenerator<string, undefined> {
  let lines = first;
  for (let given = 0; ; ) {
    yield* lines;
    given += lines.length;
    if (given >= total) return;
    const bytes = lines.reduce((sum, line) => sum + line.length, 0);
    const count = Math.min(
      total - given,
      CHUNK_LINES,
      Math.max(1, Math.floor((lines.length * CHUNK_BYTES) / (bytes + 1))),
    );
    lines = await page(given, given + count - 1);
    if (lines.length === 0) throw new RedisFailure('ENODATA');
  }
}
