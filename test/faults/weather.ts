import { type FaultKind, faultKinds } from '../../emulator/index.js';
import type { Place } from './account.js';
import type { Denial, Fate, GateRequest } from './gate.js';
import { PROXY_ANSWERS } from './proxy-answer.js';
import type { TagRequest } from './request.js';
import type { Seeded } from './seeded.js';

/** What may become of a request: a fate at the gate, or one of the emulator's own faults. */
export type Mishap = Fate | { readonly emulated: FaultKind };

/** What a call goes through. */
export interface Weather {
  readonly name: string;
  /** `random` is the request's own. */
  mishap(request: GateRequest, asked: TagRequest, random: Seeded): Mishap;
  /** Probability that reads show the state before a write, and for how many of them. */
  readonly lag: { readonly chance: number; readonly reads: number };
  /** Probability that a colleague changes a tag before or after a request. */
  readonly colleague: number;
  /** Time that passes with each request. */
  readonly msPerRequest: number;
}

export const CALM: Weather = {
  name: 'calm',
  mishap: () => 'pass',
  lag: { chance: 0, reads: 0 },
  colleague: 0,
  msPerRequest: 3,
};

const BREAKS: readonly Mishap[] = ['reset', 'reset-after', 'fail-after', 'cut'];
const REFUSALS: readonly Denial[] = [
  { deny: 'Forbidden.NoPermission', status: 403 },
  { deny: 'Forbidden.ResourceNotFound', status: 404 },
  { deny: 'InvalidResourceId.NotFound', status: 404 },
  { deny: 'Rejected.PendingDeletion', status: 400 },
];
/** All but `stale`, in place of which reads lag behind in a way that is counted. */
const EMULATED = faultKinds.filter((kind) => kind !== 'stale');
const NAMES = ['KeyId', 'SecretName', 'CertificateId', 'ResourceId.1'];
const NUMBERS: readonly unknown[] = ['1e11', 1e11, -1, 'many', 12.5, 999_999, 0, null];

export function randomWeather(random: Seeded, places: readonly Place[]): Weather {
  const drawn = random.next();
  const parts: { readonly name: string; readonly of: Weather['mishap'] }[] = [];
  if (drawn < 0.55) parts.push(storm(random));
  if (drawn >= 0.5 && drawn < 0.6) parts.push(oddLists(random));
  if (drawn >= 0.6 && drawn < 0.7) parts.push(refusal(random, places));
  const isSlow = random.chance(0.03);
  const lag = random.chance(0.2) ? { chance: random.pick([0.3, 1]), reads: 1 + random.below(8) } : CALM.lag;
  const colleague = random.chance(0.2) ? random.pick([0.05, 0.2]) : 0;
  const msPerRequest = isSlow ? random.pick([1_500, 6_000]) : 3;
  const extras = [
    ...(lag.chance > 0 ? [`lag ${lag.chance} for ${lag.reads}`] : []),
    ...(colleague > 0 ? [`colleague ${colleague}`] : []),
    ...(isSlow ? [`${msPerRequest} ms a request`] : []),
  ];
  return {
    name: [...parts.map(({ name }) => name), ...extras].join(', ') || CALM.name,
    mishap(request, asked, own) {
      for (const { of } of parts) {
        const mishap = of(request, asked, own);
        if (mishap !== 'pass') return mishap;
      }
      return 'pass';
    },
    lag,
    colleague,
    msPerRequest,
  };
}

/** Some kinds of faults, or one alone, on some kinds of requests. */
function storm(random: Seeded) {
  const whom = random.pick(['all', 'all', 'write', 'read'] as const);
  const kind = random.pick(['emulated', 'emulated', 'proxy', 'proxy', 'breaks', 'any'] as const);
  const emulated: readonly Mishap[] = random.some(EMULATED, 1).map((fault) => ({ emulated: fault }));
  const proxy: readonly Mishap[] = random
    .some(PROXY_ANSWERS, 1)
    .flatMap((answer) => [true, false].map((after) => ({ answer, after })));
  const kinds = { emulated, proxy, breaks: BREAKS, any: [...emulated, ...proxy, ...BREAKS, 'undated' as const] }[kind];
  const isOne = random.chance(0.35);
  const choice = isOne ? [random.pick(kinds)] : kinds;
  // Whoever is always told to come back later does so until time is up.
  const isEndless = choice.some((mishap) => /^throttle4|429/.test(mishapName(mishap)));
  const probability = random.pick(isOne && !isEndless ? [0.25, 0.6, 1] : [0.08, 0.25, 0.6]);
  return {
    name: `${kind} ${probability} of ${whom}: ${choice.map(mishapName).join(' ')}`,
    of: (_: GateRequest, asked: TagRequest, own: Seeded): Mishap => {
      const isMeant = whom === 'all' || (whom === 'write') === (asked.kind === 'write');
      return isMeant && own.chance(probability) ? own.pick(choice) : 'pass';
    },
  };
}

/** Lists whose pages, tokens or numbers are wrong. */
function oddLists(random: Seeded) {
  const kind = random.pick(['repeated page', 'repeated token', 'wrong number'] as const);
  const number = random.pick(NUMBERS);
  const pages = new Map<string, string>();
  const rewriteFor = ({ action, parameters }: GateRequest, regionId: string): ((body: string) => string) => {
    const list = `${regionId} ${action} ${parameters.get('ResourceType')} ${parameters.get('Filters')} ${parameters.get('ResourceId.1')}`;
    const token = parameters.get('NextToken');
    const isFirst = token === null && (parameters.get('PageNumber') ?? '1') === '1';
    switch (kind) {
      case 'repeated page':
        return (body) => {
          if (isFirst) pages.set(list, body);
          return pages.get(list) ?? body;
        };
      case 'repeated token':
        return (body) => (token === null ? body : body.replace(/"NextToken":"[^"]*"/, `"NextToken":"${token}"`));
      case 'wrong number':
        return (body) => body.replace(/"TotalCount":\d+/, `"TotalCount":${JSON.stringify(number)}`);
    }
  };
  return {
    name: kind === 'wrong number' ? `TotalCount ${JSON.stringify(number)}` : kind,
    of: (request: GateRequest, { regionId }: TagRequest): Mishap =>
      request.action.startsWith('List') && request.action !== 'ListResourceTags'
        ? { rewrite: rewriteFor(request, regionId) }
        : 'pass',
  };
}

/** One resource is refused, alone or among others. */
function refusal(random: Seeded, places: readonly Place[]) {
  const place = random.pick(places);
  const denial = random.pick(REFUSALS);
  const kinds = random.pick([['write'], ['read'], ['write', 'read']] as const);
  return {
    name: `${denial.deny} for ${kinds.join(' and ')} of ${place.name}`,
    of: ({ parameters }: GateRequest, { kind, places: named }: TagRequest): Mishap => {
      const namesSome = NAMES.some((name) => parameters.has(name));
      const isMeant = kinds.some((one) => one === kind) && namesSome && named.some(({ name }) => name === place.name);
      return isMeant ? denial : 'pass';
    },
  };
}

export function mishapName(mishap: Mishap): string {
  if (typeof mishap === 'string') return mishap;
  if ('emulated' in mishap) return mishap.emulated;
  if ('deny' in mishap) return mishap.deny;
  return 'answer' in mishap ? `${mishap.answer}${mishap.after ? '-after' : ''}` : 'rewritten';
}
