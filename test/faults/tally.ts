import type { SequenceReport } from './sequence.js';

/** What came of many sequences. */
export interface Tally {
  sequences: number;
  calls: number;
  calmCalls: number;
  requests: number;
  wrong: number;
  lost: number;
  /** Seeds of sequences in which something was wrong or lost. */
  readonly seeds: number[];
}

export function emptyTally(): Tally {
  return { sequences: 0, calls: 0, calmCalls: 0, requests: 0, wrong: 0, lost: 0, seeds: [] };
}

export function addTo(tally: Tally, report: Omit<SequenceReport, 'story'>): void {
  tally.sequences += 1;
  tally.calls += report.calls;
  tally.calmCalls += report.calmCalls;
  tally.requests += report.requests;
  tally.wrong += report.wrong.length;
  tally.lost += report.lost.length;
  if (isBad(report)) tally.seeds.push(report.seed);
}

export function isBad({ wrong, lost }: Pick<SequenceReport, 'wrong' | 'lost'>): boolean {
  return wrong.length + lost.length > 0;
}

/** What is wrong with a sequence, a line each. */
export function faultsOf({ wrong, lost }: Pick<SequenceReport, 'wrong' | 'lost'>): readonly string[] {
  return [...wrong, ...lost.map((text) => `lost: ${text}`)];
}
