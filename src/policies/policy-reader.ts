import type { KmsPolicies } from '../aliyun/kms/policy-client.js';
import type { Ram } from '../aliyun/ram/ram-client.js';
import type { ResourceManager } from '../aliyun/ram/resource-manager-client.js';
import { sleep as sleepFor } from '../base/sleep.js';
import { type Asking, type AskingOptions, asking } from './asking.js';
import type { AffectedResource } from './finding.js';
import { ALWAYS_OUT_OF_REACH, type NotRead, type Part } from './not-read.js';
import { type DocumentCache, readRamPolicies } from './ram-sources.js';
import { readResourcePolicies } from './resource-sources.js';
import type { PolicySource } from './source.js';
import { mentionsTags } from './tag-condition.js';

export interface PolicyReaderOptions {
  readonly ram: Ram;
  /** Without it, grants for one resource group are not seen, and that is said. */
  readonly resourceManager?: ResourceManager | undefined;
  readonly kms: (regionId: string) => KmsPolicies;
  /** Milliseconds that never go back; `performance.now` unless a test says otherwise. */
  readonly now?: () => number;
  readonly sleep?: AskingOptions['sleep'];
}

export interface PolicyReading {
  /** Those that mention one of the changed tags, and those that could not be read. */
  readonly sources: readonly PolicySource[];
  /** Never empty: some policies are out of reach always. */
  readonly notRead: readonly NotRead[];
}

export interface PolicyReader {
  /**
   * Reads, once for the whole run, the policies that mention a tag that changes. Ends at `deadline` (milliseconds as
   * `now` gives them) with what was read by then. Never rejects: what went wrong is in `notRead`.
   */
  read(run: {
    readonly resources: readonly AffectedResource[];
    readonly deadline: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<PolicyReading>;
}

/** Requests under way at a time, beneath what the pacer of the client lets go. */
const AT_ONCE = 10;

/**
 * A reader for one set of credentials: it remembers documents, and what one caller may read is not for another. A
 * document is read again when its version or its date changes; whom it is attached to is read each time.
 */
export function policyReader({ ram, resourceManager, kms, ...clock }: PolicyReaderOptions): PolicyReader {
  const { now = () => performance.now(), sleep = sleepFor } = clock;
  const cache: DocumentCache = new Map();
  return {
    async read({ resources, deadline, signal }) {
      const questions = asking({ deadline, signal, now, sleep });
      const folded = new Set(resources.flatMap(({ changes }) => changes.map(({ tagKey }) => tagKey.toLowerCase())));
      const regions = [...new Set(resources.map(({ regionId }) => regionId))];
      const orNothing = async <Source>(part: Part, reading: Promise<readonly Source[]>): Promise<readonly Source[]> => {
        try {
          return await reading;
        } catch {
          // A mistake of ours: the check is advice, and does not stand in the way of what it advises on.
          questions.note({ why: 'failed', part, code: 'INTERNAL_ERROR', count: 1 });
          return [];
        }
      };
      const account = readRamPolicies({ ram, resourceManager }, cache, questions, AT_ONCE, (document) =>
        document.statements.some((statement) => mentionsTags(statement, folded)),
      );
      const perRegion = regions.map((regionId) => {
        const own = resources.filter((resource) => resource.regionId === regionId);
        return orNothing(
          'key policies',
          readResourcePolicies(() => kms(regionId), regionId, own, questions, AT_ONCE),
        );
      });
      const sources = await Promise.all([orNothing<PolicySource>('RAM policies', account), ...perRegion]);
      questions.release();
      noteTypes(resources, questions);
      if (resourceManager === undefined) {
        questions.note({ why: 'out of reach', what: 'attachments in resource groups' });
      }
      return { sources: sources.flat(), notRead: [...questions.notRead(), ...ALWAYS_OUT_OF_REACH] };
    },
  };
}

function noteTypes(resources: readonly AffectedResource[], questions: Asking): void {
  for (const type of ['secret', 'certificate'] as const) {
    const count = resources.filter((resource) => resource.type === type).length;
    if (count > 0) questions.note({ why: 'not documented', type, count });
  }
}
