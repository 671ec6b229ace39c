import { createHash } from 'node:crypto';
import type { AccountData } from '../../emulator/index.js';

type KeyData = NonNullable<AccountData['keys']>[number];
type SecretData = NonNullable<AccountData['secrets']>[number];

const ENVIRONMENTS = ['prod', 'prod', 'dev', 'test', 'staging'];
const OWNERS = ['alice', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory'];

/** What the chores are about: so many keys and secrets, with the ids, names and slips of a real account. */
export function accountOf(keys: number, secrets: number): AccountData {
  return {
    AccountId: '1234567890123456',
    keys: Array.from({ length: keys }, (_, n) => keyOf(n)),
    secrets: Array.from({ length: secrets }, (_, n) => secretOf(n)),
    regions: {
      'cn-shanghai': {
        keys: [{ KeyId: keyId(1_000_000), Alias: 'alias/ledger', Tags: { env: 'prod', temp: 'migration' } }],
      },
    },
  };
}

export function keyId(n: number): string {
  return `key-hzz${createHash('sha256').update(String(n)).digest('hex').slice(0, 18)}`;
}

/** Eight keys have `Onwer` for `owner`; every ninth has no owner; two in seven have `temp` and `project`; some belong to payments. */
function keyOf(n: number): KeyData {
  const tags: Record<string, string> = { env: ENVIRONMENTS[n % 5] ?? 'dev', 'cost-center': `cc-${1_000 + (n % 40)}` };
  if (n % 16 === 1 && n < 128) tags['Onwer'] = OWNERS[n % 10] ?? 'alice';
  else if (n % 9 !== 0) tags['owner'] = OWNERS[n % 10] ?? 'alice';
  if (n % 7 < 2) Object.assign(tags, { temp: `run-${n % 12}`, project: `project-${n % 4}` });
  return {
    KeyId: keyId(n),
    Alias: n === 3 ? 'alias/payments' : `alias/${n % 8 === 0 ? 'payments-' : ''}service-${n}`,
    Tags: tags,
  };
}

/** 21 secrets belong to bob, eight to nobody. */
function secretOf(n: number): SecretData {
  const owner: Record<string, string> = n < 21 ? { owner: 'bob' } : n < 29 ? {} : { owner: OWNERS[n % 10] ?? 'alice' };
  return { SecretName: `team-${n % 6}/service-${n}/password`, Tags: { env: ENVIRONMENTS[n % 5] ?? 'dev', ...owner } };
}
