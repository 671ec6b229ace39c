import { openRedis } from '../../src/journal/redis-connection.js';

/** One command to a Redis; the reply as it comes. */
export async function redisCommand(url: string, ...words: string[]): Promise<unknown> {
  const connection = openRedis(url, { timeoutMs: 2_000, onTrouble: () => undefined });
  try {
    return await connection.send(words);
  } finally {
    connection.close();
  }
}

/** A reply of texts. */
export function textsOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String).sort() : [];
}
