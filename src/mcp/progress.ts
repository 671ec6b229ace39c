import type { Call } from './call.js';

/** Clients reset their time-outs on progress, so a long silence is broken this often. */
const BEAT_MS = 5_000;
/** More often than this, progress only costs. */
const LEAST_MS = 500;

export interface Progress {
  /** Tells the client, at most twice a second. In one call `done` must not go back: progress only ever grows. */
  report(done: number, total: number, message: string): void;
}

/** Does `work` with one progress for all its parts, and a heartbeat while nothing new is to be told. */
export async function withProgress<Value>(
  { connection, clock }: Pick<Call, 'connection' | 'clock'>,
  message: string,
  work: (progress: Progress) => Promise<Value>,
): Promise<Value> {
  const { mcpReq } = connection.context;
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return work({ report: () => undefined });
  let last = { done: 0, total: 1, message };
  let told = clock.elapsed();
  let beats = 0;
  const tell = (): void => {
    told = clock.elapsed();
    // A thousandth of a step: a beat must be more than the last, and say nothing.
    beats += 1;
    const progress = last.done + Math.min(0.999, beats / 1000);
    const params = { progressToken, progress, total: last.total, message: last.message };
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
  const timer = setInterval(tell, BEAT_MS);
  const report = (done: number, total: number, text: string): void => {
    last = { done, total, message: text };
    if (clock.elapsed() - told >= LEAST_MS) tell();
  };
  return work({ report }).finally(() => clearInterval(timer));
}
