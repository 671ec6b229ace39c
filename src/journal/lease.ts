import { LeaseLost } from './store.js';

export interface LeaseTiming {
  /** A lease lapses when it was not renewed for so long. */
  readonly lengthMs: number;
  readonly renewEveryMs: number;
}

/** Long enough for three attempts to renew, short enough that nobody waits long to undo what a crash left behind. */
export const LEASE_TIMING: LeaseTiming = { lengthMs: 10_000, renewEveryMs: 3_000 };

/** Milliseconds of a clock that nobody sets. */
export type MonotonicClock = () => number;

export const monotonicClock: MonotonicClock = () => performance.now();

/** The holder's side of a lease: it renews the lease in the background, and knows when that came too late. */
export interface HeldLease {
  isHeld(): boolean;
  /** Throws `LeaseLost` when it is not held any more; from then on always. */
  assertHeld(): void;
  /** Renews no more. */
  stop(): void;
}

export interface LeaseToHold {
  /** By `clock`, before the lease was taken: others count from when it was, so the holder is never the last to know. */
  readonly takenAt: number;
  readonly timing: LeaseTiming;
  readonly clock: MonotonicClock;
  /** Resolves with false when somebody took the lease away; rejects when it cannot tell, and is then tried again. */
  renew(): Promise<boolean>;
}

/** Keeps a lease that was just taken. */
export function holdLease({ takenAt, timing, clock, renew }: LeaseToHold): HeldLease {
  let renewedAt = takenAt;
  let isLost = false;
  let timer: NodeJS.Timeout;

  const isHeld = (): boolean => {
    // Not "was it renewed since": who was stopped for longer has lost it, though a late renewal would find it there.
    if (clock() - renewedAt > timing.lengthMs) isLost = true;
    return !isLost;
  };
  const renewOnce = async (): Promise<void> => {
    if (!isHeld()) return;
    const startedAt = clock();
    try {
      if (!(await renew())) isLost = true;
      if (isHeld()) renewedAt = startedAt;
    } catch {
      // Tried again below, for as long as the lease lasts.
    }
    schedule(Math.max(0, startedAt + timing.renewEveryMs - clock()));
  };
  let isStopped = false;
  const schedule = (delayMs: number): void => {
    if (isStopped || isLost) return;
    timer = setTimeout(() => void renewOnce(), delayMs);
    timer.unref();
  };
  schedule(timing.renewEveryMs);

  return {
    isHeld,
    assertHeld() {
      if (!isHeld()) throw new LeaseLost('The process was stopped, or could not renew its lease, for too long.');
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
