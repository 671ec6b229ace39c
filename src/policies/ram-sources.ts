import type { Ram, RamPolicyRow } from '../aliyun/ram/ram-client.js';
import { MAX_ATTACHMENTS_PER_PAGE, type ResourceManager } from '../aliyun/ram/resource-manager-client.js';
import { type Asking, inParallel, type Question } from './asking.js';
import { readPolicyDocument } from './policy-document.js';
import type { Attachment, RamPolicy } from './source.js';
import type { PolicyDocument } from './statement.js';

/** Documents that were read before, by name, version and date. Kept between runs; holds statements about tags alone. */
export type DocumentCache = Map<string, PolicyDocument>;

const LIST: Question = { part: 'RAM policies', action: 'ram:ListPolicies' };
/** A policy that was deleted since it was listed decides nothing. */
const GET: Question = { part: 'RAM policies', action: 'ram:GetPolicy', absentCodes: /^EntityNotExist/ };
const ENTITIES: Question = {
  part: 'users, groups and roles that RAM policies are attached to',
  action: 'ram:ListEntitiesForPolicy',
  absentCodes: /^EntityNotExist/,
};
const ATTACHMENTS: Question = {
  part: 'attachments in resource groups',
  action: 'ram:ListPolicyAttachments',
  absentCodes: /^EntityNotExist/,
};

/** An account can have 1,500 custom policies; where pages are smaller than asked for, this is still the end. */
const MAX_PAGES = 100;

/**
 * The custom policies of the account that are attached to somebody and mention one of the tags, or could not be read.
 * One request a thousand policies, one for each document that is not in the cache, and two for each policy that
 * mentions a tag: whom it is attached to, and in which resource groups.
 */
export async function readRamPolicies(
  { ram, resourceManager }: { readonly ram: Ram; readonly resourceManager: ResourceManager | undefined },
  cache: DocumentCache,
  asking: Asking,
  atOnce: number,
  mentions: (document: PolicyDocument) => boolean,
): Promise<readonly RamPolicy[]> {
  const { rows, isWhole } = await listPolicies(ram, asking);
  const attached = rows.filter(({ attachmentCount }) => attachmentCount !== 0);
  if (isWhole) forgetOthers(cache, attached);

  const policies: RamPolicy[] = [];
  await inParallel(attached, atOnce, async (row) => {
    const document = cache.get(cacheKey(row)) ?? (await readDocument(ram, row, asking));
    if (document === undefined) return;
    cache.set(cacheKey(row), document);
    if (!mentions(document) && document.problem === undefined) return;
    const attachedTo = mentions(document) ? await readAttachments(ram, resourceManager, row.name, asking) : undefined;
    policies.push({ kind: 'ram', name: row.name, attachedTo, document });
  });
  return policies;
}

async function listPolicies(
  ram: Ram,
  asking: Asking,
): Promise<{ readonly rows: readonly RamPolicyRow[]; readonly isWhole: boolean }> {
  const rows: RamPolicyRow[] = [];
  const seen = new Set<string | undefined>();
  let marker: string | undefined;
  do {
    seen.add(marker);
    const from = marker;
    const page = await asking.ask(LIST, (options) => ram.listPolicies('Custom', from, options));
    if (page.kind !== 'answer') return { rows, isWhole: false };
    rows.push(...page.value.rows);
    marker = page.value.marker;
    // A list that says that it goes on and not where, or that goes round, ends here: read in part.
    if (marker === '' || (marker !== undefined && seen.has(marker)) || seen.size > MAX_PAGES) {
      asking.note({ why: 'failed', part: LIST.part, code: 'endless-list', count: 1 });
      return { rows, isWhole: false };
    }
  } while (marker !== undefined);
  return { rows, isWhole: true };
}

async function readDocument(ram: Ram, { name }: RamPolicyRow, asking: Asking): Promise<PolicyDocument | undefined> {
  const answer = await asking.ask(GET, (options) => ram.getPolicyDocument('Custom', name, options));
  return answer.kind === 'answer' ? readPolicyDocument(answer.value) : undefined;
}

function cacheKey({ name, defaultVersion, updateDate }: RamPolicyRow): string {
  return JSON.stringify([name, defaultVersion, updateDate]);
}

function forgetOthers(cache: DocumentCache, rows: readonly RamPolicyRow[]): void {
  const kept = new Set(rows.map(cacheKey));
  for (const key of cache.keys()) if (!kept.has(key)) cache.delete(key);
}

const PRINCIPAL_TYPES: ReadonlyMap<string, Attachment['type']> = new Map([
  ['IMSUser', 'user'],
  ['IMSGroup', 'group'],
  ['ServiceRole', 'role'],
]);

async function readAttachments(
  ram: Ram,
  resourceManager: ResourceManager | undefined,
  policyName: string,
  asking: Asking,
): Promise<readonly Attachment[] | undefined> {
  const account = await asking.ask(ENTITIES, (options) => ram.listEntitiesForPolicy('Custom', policyName, options));
  const groups = await readGroupAttachments(resourceManager, policyName, asking);
  if (account.kind !== 'answer') return groups.length > 0 ? groups : undefined;
  const named = (type: Attachment['type'], names: readonly string[]) => names.map((name) => ({ type, name }));
  const { users, groups: userGroups, roles } = account.value;
  return [...named('user', users), ...named('group', userGroups), ...named('role', roles), ...groups];
}

/** Grants for one resource group: RAM's own list is not documented to show them. */
async function readGroupAttachments(
  resourceManager: ResourceManager | undefined,
  policyName: string,
  asking: Asking,
): Promise<readonly Attachment[]> {
  const found: Attachment[] = [];
  if (resourceManager === undefined) return found;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await asking.ask(ATTACHMENTS, (options) =>
      resourceManager.listPolicyAttachments('Custom', policyName, page, options),
    );
    if (answer.kind !== 'answer') return found;
    for (const { principalName: name, principalType, resourceGroupId } of answer.value.rows) {
      const type = PRINCIPAL_TYPES.get(principalType);
      if (type !== undefined && resourceGroupId.startsWith('rg-')) found.push({ type, name, resourceGroupId });
    }
    if (answer.value.rows.length === 0 || page * MAX_ATTACHMENTS_PER_PAGE >= answer.value.totalCount) break;
  }
  return found;
}
