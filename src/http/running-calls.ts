/** What a request and the notification that cancels it have in common. */
export interface CallId {
  /** The verified caller; undefined where nobody is asked who they are. */
  readonly caller: string | undefined;
  /** `Mcp-Session-Id`, where a client sends one. This server gives out none. */
  readonly sessionId: unknown;
  readonly requestId: unknown;
}

/** The calls that this process is running, by who may cancel them. */
export interface RunningCalls {
  /** Adds a call, and returns what takes it off again. */
  add(id: CallId, stop: () => void): () => void;
  /** Stops the call of this id, when there is exactly one. */
  cancel(id: CallId): void;
}

/**
 * Makes `notifications/cancelled` work without sessions: a client of the 2025 era POSTs it as a request of its own, and
 * only the process that runs the call can stop it.
 *
 * It cannot stop a call that runs in another replica, nor tell two clients apart that show the same token, send no
 * session id and use the same request id at the same time: of two such calls, none is stopped. What always stops a
 * call, wherever it runs, is closing the connection on which it was sent.
 */
export function runningCalls(): RunningCalls {
  const stops = new Map<string, Set<() => void>>();
  return {
    add(id, stop) {
      const key = keyOf(id);
      const same = stops.get(key) ?? new Set();
      stops.set(key, same.add(stop));
      return () => {
        same.delete(stop);
        if (same.size === 0 && stops.get(key) === same) stops.delete(key);
      };
    },
    cancel(id) {
      const [stop, ...others] = stops.get(keyOf(id)) ?? [];
      if (others.length === 0) stop?.();
    },
  };
}

/** JSON keeps the id 1 apart from "1", and no part can run into the next. */
function keyOf({ caller, sessionId, requestId }: CallId): string {
  return JSON.stringify([caller ?? null, sessionId ?? null, requestId]);
}
