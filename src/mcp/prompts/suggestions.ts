import type { ServerDeps } from '../call.js';

/** What hosts offer while a person types the argument of a prompt. Best effort: never rejects, answers within seconds. */
export interface Suggestions {
  /** Tag keys in use on keys of the default region that begin with `typed`. */
  tagKeys(typed: string): Promise<string[]>;
  /** Region IDs that begin with `typed`. */
  regionIds(typed: string): Promise<string[]>;
}

/** A person waits: what is not there by then is not offered. */
const PATIENCE_MS = 3_000;
/** Pages of 200 tags that are looked through for keys. */
const PAGES = 5;
/** Most values that MCP lets a completion carry. */
const MOST = 100;

export function suggestions(open: () => Promise<ServerDeps>): Suggestions {
  return {
    tagKeys: (typed) =>
      offer(typed, async () => {
        const { kms, defaultRegion, clock } = await open();
        if (defaultRegion === undefined) return [];
        const keys = new Set<string>();
        const options = { deadline: clock.elapsed() + PATIENCE_MS };
        let nextToken: string | undefined;
        for (let page = 0; page === 0 || (page < PAGES && nextToken !== undefined); page += 1) {
          const reply = await kms(defaultRegion).listTagResources({ type: 'key', nextToken }, options);
          for (const row of reply.rows) keys.add(row.key);
          nextToken = reply.nextToken;
        }
        return [...keys];
      }),
    regionIds: (typed) =>
      offer(typed, async () => {
        const { kms, defaultRegion, clock } = await open();
        if (defaultRegion === undefined) return [];
        const { regionIds } = await kms(defaultRegion).describeRegions({ deadline: clock.elapsed() + PATIENCE_MS });
        return [...regionIds];
      }),
  };
}

async function offer(typed: string, read: () => Promise<string[]>): Promise<string[]> {
  const found = await read().catch(() => []);
  return found
    .filter((text) => text.startsWith(typed) && PRINTABLE.test(text))
    .sort()
    .slice(0, MOST);
}

/** Keys are other people's text: one with control or bidirectional characters is not put into a person's mouth. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
