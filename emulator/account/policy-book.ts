import { policyText, type RamPolicyData } from './account-data.js';

export type PrincipalType = 'IMSUser' | 'IMSGroup' | 'ServiceRole';

/** Where a policy is attached. */
export interface Attachment {
  readonly type: PrincipalType;
  readonly name: string;
  /** Undefined for the whole account. */
  readonly resourceGroupId: string | undefined;
}

/** A RAM policy as it is now. */
export interface RamPolicy {
  readonly name: string;
  readonly type: 'Custom' | 'System';
  readonly description: string;
  /** The text of its default version. */
  readonly document: string;
  /** 1 for the first, and so on; `v1` on the wire. */
  readonly version: number;
  /** Milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly attachments: readonly Attachment[];
}

/** The RAM policies of the account. */
export interface PolicyBook {
  /** In order of creation. */
  readonly all: readonly RamPolicy[];
  find(type: string, name: string): RamPolicy | undefined;
  /** Adds a policy, or gives one that is there a new default version. `now` in milliseconds. */
  set(policy: RamPolicyData, now: number): void;
}

const FIRST_CREATED_AT = Date.parse('2024-01-08T02:30:00Z');

/** A book with the policies of the data. */
export function createPolicyBook(policies: readonly RamPolicyData[]): PolicyBook {
  const all: RamPolicy[] = [];
  const find = (type: string, name: string) => all.find((one) => one.type === type && one.name === name);
  const set = (data: RamPolicyData, now: number) => {
    const earlier = find(data.PolicyType ?? 'Custom', data.PolicyName);
    const policy = toPolicy(data, earlier, now);
    if (earlier === undefined) {
      all.push(policy);
    } else {
      all[all.indexOf(earlier)] = policy;
    }
  };
  for (const [index, policy] of policies.entries()) {
    set(policy, FIRST_CREATED_AT + index * 60_000);
  }
  return { all, find, set };
}

function toPolicy(data: RamPolicyData, earlier: RamPolicy | undefined, now: number): RamPolicy {
  const groups = Object.entries(data.ResourceGroups ?? {});
  return {
    name: data.PolicyName,
    type: data.PolicyType ?? 'Custom',
    description: data.Description ?? '',
    document: policyText(data.PolicyDocument),
    version: (earlier?.version ?? 0) + 1,
    createdAt: earlier?.createdAt ?? now,
    updatedAt: now,
    attachments: [...attachmentsOf(data, undefined), ...groups.flatMap(([id, group]) => attachmentsOf(group, id))],
  };
}

function attachmentsOf(
  { Users = [], Groups = [], Roles = [] }: Pick<RamPolicyData, 'Users' | 'Groups' | 'Roles'>,
  resourceGroupId: string | undefined,
): readonly Attachment[] {
  const attach = (type: PrincipalType) => (name: string) => ({ type, name, resourceGroupId });
  return [...Users.map(attach('IMSUser')), ...Groups.map(attach('IMSGroup')), ...Roles.map(attach('ServiceRole'))];
}
