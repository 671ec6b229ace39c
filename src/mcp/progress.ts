import type { Call } from './call.js';

/** Clients reset their time-outs on progress, so a long silence is broken this often. */
const BEAT_MS = 5_000;
/** More often than this, progress only costs. */
const LEAST_MS = 500;

export interface Progress {
  /** Tells the client, at most twice a second. In one call `done` must not go back: progress only ever grows. */
  report(done: number, total: number, message: string): void;
  stop(): void;
}

/** Progress of a long call, with a heartbeat while nothing new is to be told. */
function progressOf(call: Pick<Call, 'progress' | 'now'>, message: string): Progress {
  let last = { done: 0, total: 1, message };
  let told = call.now();
  let beats = 0;
  const tell = (): void => {
    told = call.now();
    // A thousandth of a step: a beat must be more than the last, and say nothing.
    beats += 1;
    void call.progress(last.done + Math.min(0.999, beats / 1000), last.total, last.message);
  };
  const timer = setInterval(tell, BEAT_MS);
  return {
    report(done, total, text) {
      last = { done, total, message: text };
      if (call.now() - told >= LEAST_MS) tell();
    },
    stop: () => clearInterval(timer),
  };
}

/** Does `work` with one progress for all its parts. */
export async function withProgress<Value>(
  call: Pick<Call, 'progress' | 'now'>,
  message: string,
  work: (progress: Progress) => Promise<Value>,
): Promise<Value> {
  const progress = progressOf(call, message);
  return work(progress).finally(progress.stop);
}
