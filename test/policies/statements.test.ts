import { describe, expect, it } from 'vitest';
import type { AffectedResource } from '../../src/policies/finding.js';
import { readPolicyDocument } from '../../src/policies/policy-document.js';
import { documentOf, effectsOf, env, KEY_ID, key, kindsOf, ramPolicy } from './fixtures.js';

const STOP_GRANTING = ['would stop granting'];
const STOP_BLOCKING = ['would stop blocking'];
const START_GRANTING = ['would start granting'];
const NONE: readonly string[] = [];
const cannotTell = (...doubts: readonly string[]): readonly string[] => [['cannot tell', ...doubts].join(': ')];
const ABSENT = cannotTell('negated operator on an absent tag');

const REMOVED = key(env('prod'));
const ALLOW = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' };
const DENY = { Effect: 'Deny', Action: 'kms:ScheduleKeyDeletion', Resource: '*' };
const IS_PROD = { StringEquals: { 'kms:tag/env': 'prod' } };
/** A condition on `env` alone. */
const on = (operator: string, value: unknown, name = 'kms:tag/env') => ({
  Condition: { [operator]: { [name]: value } },
});
const prod = { Condition: IS_PROD };
/** A policy variable. */
const variable = (name: string): string => `$\{${name}}`;

type Row = readonly [what: string, statement: object, resource: AffectedResource, findings: readonly string[]];

const EFFECTS: readonly Row[] = [
  ['an Allow that matches', { ...ALLOW, ...prod }, REMOVED, STOP_GRANTING],
  ['a Deny that matches', { ...DENY, ...prod }, REMOVED, STOP_BLOCKING],
  ['an Allow with another value', { ...ALLOW, ...prod }, key(env('dev')), NONE],
  ['a Deny with another value', { ...DENY, ...prod }, key(env('dev')), NONE],
  ['a statement on another tag', { ...DENY, ...on('StringEquals', 'a', 'kms:tag/team') }, REMOVED, NONE],
  ['a statement without condition', DENY, REMOVED, NONE],
  ['a value that stays', { ...DENY, ...prod }, key(env('prod', 'prod')), NONE],
  ['an empty value', { ...ALLOW, ...on('StringEquals', '') }, key(env('')), STOP_GRANTING],
  [
    'a tag key with colons and slashes',
    { ...ALLOW, ...on('StringEquals', 'x', 'kms:tag/a:b/kms:tag/c') },
    key([{ tagKey: 'a:b/kms:tag/c', before: 'x', after: undefined }]),
    STOP_GRANTING,
  ],
  ['an Allow and another value', { ...ALLOW, ...prod }, key(env('prod', 'dev')), STOP_GRANTING],
  ['a Deny and another value', { ...DENY, ...prod }, key(env('prod', 'dev')), STOP_BLOCKING],
  ['an Allow and a value set', { ...ALLOW, ...prod }, key(env(undefined, 'prod')), START_GRANTING],
  ['a Deny and a value set', { ...DENY, ...prod }, key(env('dev', 'prod')), ['would start blocking']],
  ['a value set that does not match', { ...ALLOW, ...prod }, key(env(undefined, 'dev')), NONE],
  [
    'a rename',
    { ...ALLOW, ...prod },
    key([...env('prod'), { tagKey: 'stage', before: undefined, after: 'prod' }]),
    STOP_GRANTING,
  ],
  [
    'a rename in letter case alone',
    { ...ALLOW, ...prod },
    key([{ tagKey: 'Env', before: 'prod', after: undefined }, ...env(undefined, 'prod')]),
    cannotTell('letter case of the condition key'),
  ],
];

const NEGATED = ['StringNotEquals', 'StringNotEqualsIgnoreCase', 'StringNotLike'] as const;

const OPERATORS: readonly Row[] = [
  ['StringEquals of an array', { ...ALLOW, ...on('StringEquals', ['dev', 'prod']) }, REMOVED, STOP_GRANTING],
  ['StringEquals in another case', { ...ALLOW, ...on('StringEquals', 'PROD') }, REMOVED, NONE],
  ['StringEquals of a star', { ...ALLOW, ...on('StringEquals', '*') }, REMOVED, NONE],
  ['StringEqualsIgnoreCase', { ...ALLOW, ...on('StringEqualsIgnoreCase', 'PROD') }, REMOVED, STOP_GRANTING],
  ['StringLike with a star', { ...DENY, ...on('StringLike', 'p*d') }, REMOVED, STOP_BLOCKING],
  ['StringLike with question marks', { ...DENY, ...on('StringLike', '??od') }, REMOVED, STOP_BLOCKING],
  ['StringLike with too few', { ...DENY, ...on('StringLike', '?od') }, REMOVED, NONE],
  ['StringLike of anything', { ...DENY, ...on('StringLike', '*') }, key(env('')), STOP_BLOCKING],
  ...NEGATED.flatMap((operator): readonly Row[] => [
    [`${operator} of the value`, { ...DENY, ...on(operator, 'prod') }, REMOVED, ABSENT],
    [`${operator} of another value`, { ...ALLOW, ...on(operator, 'dev') }, REMOVED, ABSENT],
    [`${operator} and another value`, { ...DENY, ...on(operator, 'dev') }, key(env('prod', 'dev')), STOP_BLOCKING],
    [
      `${operator} and a value that newly differs`,
      { ...ALLOW, ...on(operator, 'prod') },
      key(env('prod', 'dev')),
      START_GRANTING,
    ],
    [`${operator} and a value that differs as before`, { ...ALLOW, ...on(operator, 'prod') }, key(env('a', 'b')), NONE],
    [`${operator} and a value set`, { ...ALLOW, ...on(operator, 'prod') }, key(env(undefined, 'prod')), ABSENT],
  ]),
  [
    'a negated operator with several values, of which one matched',
    { ...ALLOW, ...on('StringNotEquals', ['prod', 'dev']) },
    key(env('prod', 'x')),
    cannotTell('negated operator with several values'),
  ],
  [
    'a negated operator with several values, of which none matches',
    { ...ALLOW, ...on('StringNotEquals', ['a', 'b']) },
    key(env('prod', 'x')),
    NONE,
  ],
  ['NumericEquals', { ...ALLOW, ...on('NumericEquals', '7.0') }, key(env('7')), STOP_GRANTING],
  ['NumericEquals of a number', { ...ALLOW, ...on('NumericEquals', 7) }, key(env('7')), STOP_GRANTING],
  ['NumericNotEquals', { ...ALLOW, ...on('NumericNotEquals', '7') }, key(env('7', '8')), START_GRANTING],
  ['NumericNotEquals and no tag', { ...ALLOW, ...on('NumericNotEquals', '7') }, key(env('7')), ABSENT],
  ['NumericLessThan', { ...ALLOW, ...on('NumericLessThan', '7') }, key(env('6', '7')), STOP_GRANTING],
  ['NumericLessThanEquals', { ...ALLOW, ...on('NumericLessThanEquals', '7') }, key(env('7', '8')), STOP_GRANTING],
  ['NumericGreaterThan', { ...ALLOW, ...on('NumericGreaterThan', '7') }, key(env('8', '7')), STOP_GRANTING],
  ['NumericGreaterThanEquals', { ...ALLOW, ...on('NumericGreaterThanEquals', '7') }, key(env('7', '6')), STOP_GRANTING],
  [
    'NumericEquals of a value that is no number',
    { ...ALLOW, ...on('NumericEquals', '7') },
    key(env('prod')),
    cannotTell('value that is not of the type of its operator'),
  ],
  ['DateEquals', { ...ALLOW, ...on('DateEquals', '2026-01-01T00:00:00Z') }, key(env('2026-01-01')), STOP_GRANTING],
  [
    'DateNotEquals',
    { ...ALLOW, ...on('DateNotEquals', '2026-01-01') },
    key(env('2026-01-01', '2026-01-02')),
    START_GRANTING,
  ],
  ['DateLessThan', { ...ALLOW, ...on('DateLessThan', '2026-06-01') }, key(env('2026-01-01')), STOP_GRANTING],
  [
    'DateLessThanEquals',
    { ...ALLOW, ...on('DateLessThanEquals', '2026-01-01') },
    key(env('2026-01-01', '2026-01-02')),
    STOP_GRANTING,
  ],
  [
    'DateGreaterThan',
    { ...DENY, ...on('DateGreaterThan', '2026-01-01') },
    key(env('2026-02-01', '2025-01-01')),
    STOP_BLOCKING,
  ],
  [
    'DateGreaterThanEquals',
    { ...DENY, ...on('DateGreaterThanEquals', '2026-01-01') },
    key(env('2026-01-01')),
    STOP_BLOCKING,
  ],
  ['Bool', { ...DENY, ...on('Bool', 'true') }, key(env('true')), STOP_BLOCKING],
  [
    'Bool of a boolean, and the other value',
    { ...DENY, ...on('Bool', true) },
    key(env('false', 'true')),
    ['would start blocking'],
  ],
  ['IpAddress', { ...ALLOW, ...on('IpAddress', '10.0.0.0/8') }, key(env('10.1.2.3')), STOP_GRANTING],
  ['IpAddress of another network', { ...ALLOW, ...on('IpAddress', '10.0.0.0/8') }, key(env('192.168.0.1')), NONE],
  ['NotIpAddress', { ...ALLOW, ...on('NotIpAddress', '10.0.0.0/8') }, key(env('10.1.2.3', '11.0.0.1')), START_GRANTING],
  [
    'IpAddress of a value that is no address',
    { ...ALLOW, ...on('IpAddress', '10.0.0.0/8') },
    REMOVED,
    cannotTell('value that is not of the type of its operator'),
  ],
  ...['StringEqualsIfExists', 'Null', 'ForAnyValue:StringEquals', 'stringequals', '__proto__', 'constructor'].map(
    (operator): Row => [
      `the operator ${operator}`,
      { ...DENY, ...on(operator, 'prod') },
      REMOVED,
      cannotTell('unknown operator'),
    ],
  ),
];

const KEYS_AND_VARIABLES: readonly Row[] = [
  [
    'acs:ResourceTag with the value',
    { ...ALLOW, ...on('StringEquals', 'prod', 'acs:ResourceTag/env') },
    REMOVED,
    cannotTell('acs:ResourceTag'),
  ],
  [
    'acs:resourcetag with the value',
    { ...ALLOW, ...on('StringEquals', 'prod', 'acs:resourcetag/env') },
    REMOVED,
    cannotTell('acs:ResourceTag'),
  ],
  [
    'acs:ResourceTag with another value, which matters either way as little',
    { ...ALLOW, ...on('StringEquals', 'dev', 'acs:ResourceTag/env') },
    REMOVED,
    NONE,
  ],
  [
    'acs:RequestTag, which is about the request',
    { ...ALLOW, ...on('StringEquals', 'prod', 'acs:RequestTag/env') },
    REMOVED,
    NONE,
  ],
  ['the tag of another service', { ...ALLOW, ...on('StringEquals', 'prod', 'ecs:tag/env') }, REMOVED, NONE],
  [
    'a key in another case',
    { ...ALLOW, ...on('StringEquals', 'prod', 'kms:tag/ENV') },
    REMOVED,
    cannotTell('letter case of the condition key'),
  ],
  [
    'a prefix in another case',
    { ...ALLOW, ...on('StringEquals', 'prod', 'KMS:Tag/env') },
    REMOVED,
    cannotTell('letter case of the condition key'),
  ],
  [
    'a key in another case, with another value',
    { ...ALLOW, ...on('StringEquals', 'dev', 'kms:tag/ENV') },
    REMOVED,
    NONE,
  ],
  [
    'a variable as the value',
    { ...ALLOW, ...on('StringEquals', variable('acs:PrincipalTag/env')) },
    REMOVED,
    cannotTell('policy variable'),
  ],
  [
    'a variable beside the value itself',
    { ...ALLOW, ...on('StringEquals', ['prod', variable('acs:PrincipalTag/env')]) },
    REMOVED,
    STOP_GRANTING,
  ],
  [
    'the tag as a variable',
    { ...ALLOW, ...on('StringEquals', variable('kms:tag/env'), 'acs:PrincipalTag/env') },
    REMOVED,
    cannotTell('policy variable'),
  ],
  [
    'the tag as a variable with a default',
    { ...ALLOW, ...on('StringEquals', variable("kms:tag/env, 'x'"), 'acs:PrincipalTag/env') },
    REMOVED,
    cannotTell('policy variable'),
  ],
  [
    'the tag as a variable of the resource',
    { ...ALLOW, Resource: `acs:kms:*:*:key/${variable('kms:tag/env')}` },
    REMOVED,
    cannotTell('policy variable', 'resource pattern'),
  ],
  [
    'two conditions that both matched',
    { ...ALLOW, Condition: { ...IS_PROD, StringLike: { 'kms:tag/env': 'p*' } } },
    REMOVED,
    STOP_GRANTING,
  ],
  [
    'two conditions of which one never matched',
    { ...ALLOW, Condition: { ...IS_PROD, StringLike: { 'kms:tag/env': 'd*' } } },
    REMOVED,
    NONE,
  ],
  [
    'a negated condition beside one that stops',
    { ...ALLOW, Condition: { ...IS_PROD, StringNotLike: { 'kms:tag/env': 'd*' } } },
    REMOVED,
    STOP_GRANTING,
  ],
  [
    'two tags that both go',
    { ...DENY, Condition: { StringEquals: { 'kms:tag/env': 'prod', 'kms:tag/team': 'a' } } },
    key([...env('prod'), { tagKey: 'team', before: 'a', after: undefined }]),
    STOP_BLOCKING,
  ],
  [
    'two tags of which one did not match',
    { ...DENY, Condition: { StringEquals: { 'kms:tag/env': 'prod', 'kms:tag/team': 'b' } } },
    key([...env('prod'), { tagKey: 'team', before: 'a', after: undefined }]),
    NONE,
  ],
  [
    'a tag that stays beside one that goes',
    { ...DENY, Condition: { StringEquals: { 'kms:tag/env': 'prod', 'kms:tag/team': 'b' } } },
    REMOVED,
    STOP_BLOCKING,
  ],
  [
    'a condition on the network besides',
    { ...DENY, Condition: { ...IS_PROD, IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } } },
    REMOVED,
    STOP_BLOCKING,
  ],
];

const ACTIONS: readonly Row[] = [
  ...['kms:*', '*', 'KMS:decrypt', 'kms:De*', 'kms:D?crypt', ['ecs:*', 'kms:Decrypt']].map(
    (Action): Row => [`Action ${JSON.stringify(Action)}`, { ...ALLOW, Action, ...prod }, REMOVED, STOP_GRANTING],
  ),
  ...['kms:GetSecretValue', 'ecs:*', 'kms:UntagResource', 'kms:List', [], 'kms:Decryptor'].map(
    (Action): Row => [
      `Action ${JSON.stringify(Action)}`,
      { ...ALLOW, Action, ...prod },
      REMOVED,
      cannotTell('actions without documented effect'),
    ],
  ),
  [
    'NotAction of something else',
    { Effect: 'Deny', NotAction: 'kms:Decrypt', Resource: '*', ...prod },
    REMOVED,
    STOP_BLOCKING,
  ],
  [
    'NotAction of everything in KMS',
    { Effect: 'Deny', NotAction: ['kms:*'], Resource: '*', ...prod },
    REMOVED,
    cannotTell('actions without documented effect'),
  ],
];

const RESOURCES: readonly Row[] = [
  ...[
    '*',
    'acs:*',
    'acs:kms:*',
    'acs:kms:*:*:*',
    'acs:kms:*:*:key/*',
    'acs:kms:cn-hangzhou:*:key/*',
    `acs:kms:*:*:key/${KEY_ID}`,
    'acs:kms:*:1234567890123456:key/key-hzz*',
    'acs:kms:cn-*:*:alias/payments',
    'acs:kms:*:*:alias/pay*',
    ['acs:oss:*', '*'],
  ].map(
    (Resource): Row => [
      `Resource ${JSON.stringify(Resource)}`,
      { ...ALLOW, Resource, ...prod },
      REMOVED,
      STOP_GRANTING,
    ],
  ),
  ...[
    'acs:kms:cn-shanghai:*:key/*',
    'acs:kms:*:9999999999999999:key/*',
    'acs:kms:*:*:key/other',
    'acs:kms:*:*:secret/*',
    'acs:kms:*:*:alias/other',
    'acs:oss:*:*:*',
    `acs:kms:*:*:key/${KEY_ID.toUpperCase()}`,
    'acs:kms:*:*:key',
    [],
  ].map((Resource): Row => [`Resource ${JSON.stringify(Resource)}`, { ...ALLOW, Resource, ...prod }, REMOVED, NONE]),
  ['no Resource', { Effect: 'Allow', Action: 'kms:Decrypt', ...prod }, REMOVED, STOP_GRANTING],
  [
    'NotResource of other keys',
    { Effect: 'Deny', Action: 'kms:*', NotResource: 'acs:kms:*:*:key/other', ...prod },
    REMOVED,
    STOP_BLOCKING,
  ],
  ['NotResource of all', { Effect: 'Deny', Action: 'kms:*', NotResource: '*', ...prod }, REMOVED, NONE],
  [
    'NotResource of all keys, but not of aliases',
    { Effect: 'Deny', Action: 'kms:*', NotResource: 'acs:kms:*:*:key/*', ...prod },
    REMOVED,
    STOP_BLOCKING,
  ],
  [
    'NotResource of a key that has no alias',
    { Effect: 'Deny', Action: 'kms:*', NotResource: `acs:kms:*:*:key/${KEY_ID}`, ...prod },
    key(env('prod'), { aliases: [] }),
    NONE,
  ],
  [
    'a variable in Resource',
    { ...ALLOW, Resource: `acs:kms:*:*:key/${variable('acs:PrincipalTag/key')}`, ...prod },
    REMOVED,
    cannotTell('resource pattern'),
  ],
  [
    'a key known by its alias, and its id',
    { ...ALLOW, Resource: `acs:kms:*:*:key/${KEY_ID}`, ...prod },
    key(env('prod'), { id: 'alias/payments' }),
    cannotTell('resource pattern'),
  ],
  [
    'a key known by its alias, and the alias',
    { ...ALLOW, Resource: 'acs:kms:*:*:alias/payments', ...prod },
    key(env('prod'), { id: 'alias/payments' }),
    STOP_GRANTING,
  ],
  [
    'a key known by its ARN',
    { ...ALLOW, Resource: `acs:kms:*:*:key/${KEY_ID}`, ...prod },
    key(env('prod'), { id: `acs:kms:cn-hangzhou:1234567890123456:key/${KEY_ID}` }),
    STOP_GRANTING,
  ],
];

const SECRET = { type: 'secret', id: 'db', regionId: 'cn-hangzhou', aliases: [], changes: env('prod') } as const;
const UNDOCUMENTED = cannotTell('tags of secrets and certificates');

const OTHER_TYPES: readonly Row[] = [
  ['kms:* on a secret', { ...ALLOW, Action: 'kms:*', ...prod }, SECRET, UNDOCUMENTED],
  [
    'a secret by its name',
    { ...ALLOW, Action: 'kms:*', Resource: 'acs:kms:*:*:secret/db', ...prod },
    SECRET,
    UNDOCUMENTED,
  ],
  [
    'keys alone, while a secret changes',
    { ...ALLOW, Action: 'kms:*', Resource: 'acs:kms:*:*:key/*', ...prod },
    SECRET,
    NONE,
  ],
  ['an operation on keys, while a secret changes', { ...DENY, ...prod }, SECRET, NONE],
  [
    'kms:* on a certificate',
    { ...DENY, Action: 'kms:*', ...prod },
    { ...SECRET, type: 'certificate', id: 'c' },
    UNDOCUMENTED,
  ],
  [
    'NotResource of a secret',
    { Effect: 'Deny', Action: 'kms:*', NotResource: 'acs:kms:*:*:secret/*', ...prod },
    SECRET,
    NONE,
  ],
];

describe.each([
  ['by its effect and the change', EFFECTS],
  ['by its operator', OPERATORS],
  ['by its condition key and variables', KEYS_AND_VARIABLES],
  ['by its actions', ACTIONS],
  ['by its resources', RESOURCES],
  ['by the type of the resource', OTHER_TYPES],
])('a statement, %s', (_, rows) => {
  it.each(rows)('%s gives its finding', (_what, statement, resource, expected) => {
    expect(kindsOf(effectsOf(ramPolicy(documentOf(statement)), resource))).toEqual(expected);
  });
});

describe('a key or secret policy', () => {
  const policy = (kind: 'key' | 'secret', name: string, statement: object, regionId = 'cn-hangzhou') =>
    ({ kind, name, regionId, document: readPolicyDocument(documentOf(statement)) }) as const;
  const everyone = { Principal: { RAM: ['acs:ram::1234567890123456:*'] }, Resource: ['*'] };

  it('is about its own key, and about whom it names', () => {
    const source = policy('key', KEY_ID, { ...DENY, ...everyone, ...prod });
    const { findings } = effectsOf(source, REMOVED, key(env('prod'), { id: 'another' }));
    expect(findings).toMatchObject([
      {
        kind: 'would stop blocking',
        policy: { kind: 'key', name: KEY_ID, regionId: 'cn-hangzhou' },
        attachedTo: [{ type: 'principal', name: 'acs:ram::1234567890123456:*' }],
        resources: { count: 1, examples: [{ type: 'key', id: KEY_ID, regionId: 'cn-hangzhou' }] },
      },
    ]);
  });

  it.each([
    ['of another key', policy('key', 'another', { ...DENY, ...everyone, ...prod }), NONE],
    ['of a key in another region', policy('key', KEY_ID, { ...DENY, ...everyone, ...prod }, 'cn-shanghai'), NONE],
    ['of a secret named like the key', policy('secret', KEY_ID, { ...DENY, ...everyone, ...prod }), NONE],
    [
      'with an action that key policies do not know',
      policy('key', KEY_ID, { ...DENY, Action: 'kms:AsymmetricSign', ...everyone, ...prod }),
      cannotTell('actions without documented effect'),
    ],
    ['with a principal in one text', policy('key', KEY_ID, { ...DENY, Principal: '*', ...prod }), STOP_BLOCKING],
    [
      'with negated operators',
      policy('key', KEY_ID, { ...DENY, ...everyone, ...on('StringNotEquals', ['dev']) }),
      ABSENT,
    ],
  ])('%s gives its finding', (_, source, expected) => {
    expect(kindsOf(effectsOf(source, REMOVED))).toEqual(expected);
  });

  it('of a secret cannot be told', () => {
    const source = policy('secret', 'db', { Effect: 'Allow', Action: 'kms:GetSecretValue', ...everyone, ...prod });
    expect(kindsOf(effectsOf(source, SECRET))).toEqual(
      cannotTell('actions without documented effect', 'tags of secrets and certificates'),
    );
  });
});
