/** A signal with a time limit of its own. */
export interface TimeLimit {
  /** Aborts with the caller's signal, or when the time is up. */
  readonly signal: AbortSignal;
  /** Gives back the timer and the listener. */
  release(): void;
}

/** `ms` may be infinite. Both of `AbortSignal.any` and `AbortSignal.timeout` would outlive the call that made them. */
export function timeLimit(ms: number, signal: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = ms <= LONGEST_TIMER_MS ? setTimeout(stop, ms) : undefined;
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    },
  };
}

/** Node runs a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
