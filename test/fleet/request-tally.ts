import type { Emulator } from '../../emulator/index.js';

/** How often KMS was told to change a tag; its own log forgets all but the latest thousand requests. */
export interface RequestTally {
  /** Requests that named `tagKey`, in the order in which they came: `TagResource`, `UntagResource`, … */
  actionsFor(tagKey: string): readonly string[];
  stop(): void;
}

export function tallyRequests(emulator: Emulator): RequestTally {
  const seen = new Set<string>();
  const actions = new Map<string, string[]>();
  const look = (): void => {
    for (const { requestId, action, parameters, outcome } of emulator.requests) {
      if (seen.has(requestId)) continue;
      seen.add(requestId);
      if (outcome !== 'ok' || !/^(Unt|T)agResource/.test(action)) continue;
      const text = Object.values(parameters).join(' ');
      // Keys and values alike; each request counts once for each.
      for (const tagKey of new Set(text.match(/fleet-\d+/g))) {
        actions.set(tagKey, [...(actions.get(tagKey) ?? []), action]);
      }
    }
  };
  const timer = setInterval(look, 50);
  return {
    actionsFor(tagKey) {
      look();
      return actions.get(tagKey) ?? [];
    },
    stop: () => clearInterval(timer),
  };
}
