import type { BulkResourceType } from '../aliyun/kms/kms-client.js';
import { MAX_PAGE_SIZE } from '../aliyun/kms/limits.js';
import { type KmsPolicies, MAX_INSTANCES_PER_FILTER, type NamePage } from '../aliyun/kms/policy-client.js';
import type { CallOptions } from '../rpc/rpc-client.js';
import { type Asking, inParallel, type Question } from './asking.js';
import type { AffectedResource } from './finding.js';
import { readPolicyDocument } from './policy-document.js';
import type { ResourcePolicy } from './source.js';

const INSTANCES: Question = { part: 'KMS instances', action: 'kms:ListKmsInstances' };
const IN_INSTANCES = {
  key: { part: 'keys and secrets in KMS instances', action: 'kms:ListKeys' },
  secret: { part: 'keys and secrets in KMS instances', action: 'kms:ListSecrets' },
} as const satisfies Record<BulkResourceType, Question>;

/** KeyPolicyUnSupported is the answer for a key outside of an instance; a resource that is gone has no policy. */
const NO_POLICY = /^Forbidden\.(KeyPolicyUnSupported|ResourceNotFound|KeyNotFound)$/;
const POLICY = {
  key: { part: 'key policies', action: 'kms:GetKeyPolicy', absentCodes: NO_POLICY },
  secret: { part: 'secret policies', action: 'kms:GetSecretPolicy', absentCodes: NO_POLICY },
} as const satisfies Record<BulkResourceType, Question>;

/** A hundred thousand keys; a list that goes on is not believed. */
const MAX_PAGES = 1_000;

/**
 * The policies of the keys and secrets of one region that lie in a KMS instance; others have none. One request for the
 * instances, one for a hundred keys or secrets in ten of them, and one for each policy. `openKms` may throw.
 */
export async function readResourcePolicies(
  openKms: () => KmsPolicies,
  regionId: string,
  resources: readonly AffectedResource[],
  asking: Asking,
  atOnce: number,
): Promise<readonly ResourcePolicy[]> {
  const byType = { key: new Set<string>(), secret: new Set<string>() };
  for (const { type, id } of resources) if (type !== 'certificate') byType[type].add(bareId(id));
  const aliases = [...byType.key].filter((id) => id.startsWith('alias/'));
  for (const alias of aliases) byType.key.delete(alias);
  if (aliases.length > 0) asking.note({ why: 'alias only', count: aliases.length });
  if (byType.key.size + byType.secret.size === 0) return [];

  const instances = await readPages(INSTANCES, (page, options) => openKms().listInstances(page, options), asking);
  if (instances === undefined) return [];
  const policies: ResourcePolicy[] = [];
  for (const type of ['key', 'secret'] as const) {
    const wanted = byType[type];
    const inside = await readInInstances(openKms, type, wanted.size === 0 ? [] : instances, asking);
    if (inside === undefined) continue;
    const there = [...wanted].filter((id) => inside.has(id));
    let without = wanted.size - there.length;
    await inParallel(there, atOnce, async (id) => {
      const answer = await asking.ask(POLICY[type], (options) =>
        type === 'key' ? openKms().getKeyPolicy(id, options) : openKms().getSecretPolicy(id, options),
      );
      if (answer.kind === 'absent') without += 1;
      if (answer.kind === 'answer') {
        policies.push({ kind: type, name: id, regionId, document: readPolicyDocument(answer.value) });
      }
    });
    if (without > 0) asking.note({ why: 'not in a KMS instance', count: without });
  }
  return policies;
}

/** The keys or secrets in any of the instances; undefined when they could not all be listed. */
async function readInInstances(
  openKms: () => KmsPolicies,
  type: BulkResourceType,
  instances: readonly string[],
  asking: Asking,
): Promise<ReadonlySet<string> | undefined> {
  const found = new Set<string>();
  for (let at = 0; at < instances.length; at += MAX_INSTANCES_PER_FILTER) {
    const some = instances.slice(at, at + MAX_INSTANCES_PER_FILTER);
    const request = (page: number, options: CallOptions) => openKms().listInInstances(type, some, page, options);
    const names = await readPages(IN_INSTANCES[type], request, asking);
    if (names === undefined) return undefined;
    for (const name of names) found.add(name);
  }
  return found;
}

async function readPages(
  question: Question,
  request: (page: number, options: CallOptions) => Promise<NamePage>,
  asking: Asking,
): Promise<readonly string[] | undefined> {
  const names: string[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await asking.ask(question, (options) => request(page, options));
    if (answer.kind !== 'answer') return undefined;
    names.push(...answer.value.rows);
    if (answer.value.rows.length === 0 || page * MAX_PAGE_SIZE >= answer.value.totalCount) break;
  }
  return names;
}

function bareId(id: string): string {
  return id.replace(/^acs:.*?:(?:(?:key|secret)\/|(?=alias\/))/, '');
}
