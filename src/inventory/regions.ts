import { quote, quoteCode } from '../base/quote.js';
import { CredentialsError } from '../credentials/credentials.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { RpcError } from '../rpc/rpc-error.js';

/** A region whose resources could not be read. */
export interface UnreadRegion {
  readonly regionId: string;
  /** A code and a few words. */
  readonly why: string;
}

export interface RegionReadings<Reading> {
  readonly read: ReadonlyMap<string, Reading>;
  readonly unread: readonly UnreadRegion[];
}

/** One slow region must not keep the others from being told: reading of several ends after this. */
const SEVERAL_REGIONS_MS = 25_000;

/**
 * Reads several regions at once, each at its own pace. One that cannot be read is named with its reason and leaves the
 * others as they are; where only one was asked for, or none could be read, its error is thrown.
 */
export async function readRegions<Reading>(
  regionIds: readonly string[],
  options: CallOptions & { readonly deadline: number },
  elapsed: () => number,
  read: (regionId: string, options: CallOptions & { readonly deadline: number }) => Promise<Reading>,
): Promise<RegionReadings<Reading>> {
  const [only] = regionIds;
  if (only !== undefined && regionIds.length === 1) {
    return { read: new Map([[only, await read(only, options)]]), unread: [] };
  }
  const limited = { ...options, deadline: Math.min(options.deadline, elapsed() + SEVERAL_REGIONS_MS) };
  const readings = new Map<string, Reading>();
  const unread: UnreadRegion[] = [];
  let firstError: unknown;
  await Promise.all(
    regionIds.map(async (regionId) => {
      try {
        readings.set(regionId, await read(regionId, limited));
      } catch (error) {
        const why = whyUnread(error);
        // What is wrong with the credentials, or unexpected, is no region's fault.
        if (why === undefined) throw error;
        firstError ??= error;
        unread.push({ regionId, why });
      }
    }),
  );
  if (readings.size === 0 && firstError !== undefined) throw firstError;
  const inOrder = regionIds.flatMap((id) => {
    const reading = readings.get(id);
    return reading === undefined ? [] : [[id, reading] as const];
  });
  return { read: new Map(inOrder), unread: unread.sort((a, b) => (a.regionId < b.regionId ? -1 : 1)) };
}

function whyUnread(error: unknown): string | undefined {
  if (error instanceof CredentialsError || !(error instanceof RpcError)) return undefined;
  const { failure } = error;
  switch (failure.kind) {
    case 'service':
      return `${quoteCode(failure.code)}: ${quote(failure.message, 120)}`;
    case 'cancelled':
      return 'CANCELLED: the call was cancelled';
    case 'deadline':
      return 'BUSY: it took too long';
    default:
      return `ENDPOINT_UNREACHABLE: ${quote(failure.reason, 80)}`;
  }
}
