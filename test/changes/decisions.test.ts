import { describe, expect, it } from 'vitest';
import { tagRecord } from '../../src/aliyun/kms/tag-record.js';
import { type NextStep, nextStep, type Sent, type Situation, sentOf } from '../../src/changes/after-send.js';
import { allowedOperations, effectOf } from '../../src/changes/operations.js';
import { planOperations } from '../../src/changes/plan.js';
import { tagProtection } from '../../src/changes/protection.js';
import { removeRequests, setRequests } from '../../src/changes/write-request.js';
import { CredentialsError } from '../../src/credentials/credentials.js';
import type { Operations } from '../../src/journal/plan.js';
import { tagStates } from '../../src/journal/tag-states.js';
import { RpcError, type RpcFailure } from '../../src/rpc/rpc-error.js';

const NOTHING: Operations = { remove: [], set: [], rename: [] };

function refused(code: string, more: Partial<Extract<Sent, { kind: 'refused' }>> = {}): Sent {
  return { kind: 'refused', code, busy: false, mayHaveActed: false, permission: undefined, ...more };
}

const silence: Sent = { kind: 'no answer', code: 'ENDPOINT_UNREACHABLE', mayHaveActed: false };
const busy = refused('Rejected.Throttling', { busy: true });

describe('what to do after a request of a run', () => {
  const usual: Situation = { ids: 50, isOver: false, refusedAlike: 0, written: 0 };

  it.each<[string, Sent, Partial<Situation>, NextStep]>([
    ['a success', { kind: 'done', requestId: 'x' }, {}, 'settle'],
    ['a success when time is up', { kind: 'done', requestId: 'x' }, { isOver: true }, 'settle'],
    ['no answer', silence, {}, 'stop'],
    ['no answer for one resource', silence, { ids: 1 }, 'stop'],
    ['no answer of a request that may have acted', { ...silence, mayHaveActed: true }, {}, 'stop'],
    ['no answer when time is up', silence, { isOver: true }, 'stop'],
    ['a busy service', busy, {}, 'retry'],
    ['a busy service, one resource', busy, { ids: 1 }, 'retry'],
    ['a busy service when time is up', busy, { isOver: true }, 'settle'],
    ['a busy service, however many were refused', busy, { refusedAlike: 999 }, 'retry'],
    ['a refusal of fifty', refused('Forbidden.NoPermission'), {}, 'split'],
    ['a refusal of two', refused('InvalidResourceId.NotFound'), { ids: 2 }, 'split'],
    ['a refusal of one', refused('Forbidden.NoPermission'), { ids: 1 }, 'settle'],
    ['a refusal when time is up', refused('Forbidden.NoPermission'), { isOver: true }, 'settle'],
    ['the eighth refusal alike', refused('Forbidden.NoPermission'), { refusedAlike: 7 }, 'split'],
    ['the ninth refusal alike', refused('Forbidden.NoPermission'), { refusedAlike: 8 }, 'settle'],
    ['the ninth, where others were written', refused('X'), { refusedAlike: 8, written: 1 }, 'split'],
    ['as many refusals as were written, and eight', refused('X'), { refusedAlike: 58, written: 50 }, 'settle'],
    ...[
      'InvalidAccessKeyId',
      'InvalidAccessKeyId.NotFound',
      'InvalidAccessKeyId.Inactive',
      'InvalidSecurityToken.Expired',
      'MissingSecurityToken',
      'SignatureDoesNotMatch',
      'IncompleteSignature',
      'InvalidTimeStamp.Expired',
      'Forbidden.AccessKey',
      'Forbidden.KmsServiceNotEnabled',
      'Forbidden.InDebt',
      'Forbidden.InDebtOverdue',
      'Forbidden.ProhibitedByRiskControl',
      'InvalidAction.NotFound',
      'UnsupportedOperation',
    ].map((code): [string, Sent, Partial<Situation>, NextStep] => [code, refused(code), {}, 'stop']),
    ['a code that ends the run, when time is up', refused('SignatureDoesNotMatch'), { isOver: true }, 'stop'],
    ['a code that only begins like one', refused('UnsupportedOperation.Tag'), {}, 'split'],
    ['a code that only ends like one', refused('X.SignatureDoesNotMatch'), {}, 'split'],
  ])('%s', (_, sent, situation, expected) => {
    expect(nextStep(sent, { ...usual, ...situation })).toBe(expected);
  });
});

describe('how a failed request is understood', () => {
  const service = (code: string, httpStatus: number): RpcFailure => {
    return { kind: 'service', code, message: '', requestId: 'r', httpStatus };
  };

  it.each<[string, unknown, Sent | undefined]>([
    ['a refusal', new RpcError(service('Forbidden.NoPermission', 403), 'none', 1), refused('Forbidden.NoPermission')],
    [
      'a refusal after an attempt that got no answer',
      new RpcError(service('Forbidden.NoPermission', 403), 'unknown', 2),
      refused('Forbidden.NoPermission', { mayHaveActed: true }),
    ],
    ['throttling', new RpcError(service('Rejected.Throttling', 429), 'none', 5), busy],
    [
      "throttling of the gateway's",
      new RpcError(service('Throttling.User', 400), 'none', 5),
      refused('Throttling.User', { busy: true }),
    ],
    [
      'a throttling code with a 5xx, which proves nothing',
      new RpcError(service('Rejected.Throttling', 503), 'unknown', 5),
      { kind: 'no answer', code: 'Rejected.Throttling', mayHaveActed: true },
    ],
    [
      'an internal failure',
      new RpcError(service('InternalFailure', 500), 'unknown', 5),
      { kind: 'no answer', code: 'InternalFailure', mayHaveActed: true },
    ],
    ['a code with odd characters, quoted', new RpcError(service('a "b"', 400), 'none', 1), refused('"a \\"b\\""')],
    ['no connection', new RpcError({ kind: 'unreachable', host: 'h', reason: 'ECONNREFUSED' }, 'none', 5), silence],
    [
      'silence',
      new RpcError({ kind: 'no-reply', host: 'h', reason: 'timeout' }, 'unknown', 5),
      { kind: 'no answer', code: 'OUTCOME_UNKNOWN', mayHaveActed: true },
    ],
    [
      "a proxy's page",
      new RpcError({ kind: 'unreadable', host: 'h', reason: 'an HTML page', httpStatus: 403 }, 'unknown', 1),
      { kind: 'no answer', code: 'OUTCOME_UNKNOWN', mayHaveActed: true },
    ],
    [
      'a cancellation before anything left',
      new RpcError({ kind: 'cancelled', sent: false }, 'none', 0),
      { kind: 'no answer', code: 'CANCELLED', mayHaveActed: false },
    ],
    [
      'a deadline before anything left',
      new RpcError({ kind: 'deadline' }, 'none', 0),
      { kind: 'no answer', code: 'BUSY', mayHaveActed: false },
    ],
    [
      'a deadline after an attempt that got no answer',
      new RpcError({ kind: 'deadline' }, 'unknown', 1),
      { kind: 'no answer', code: 'OUTCOME_UNKNOWN', mayHaveActed: true },
    ],
    [
      'no credentials',
      new CredentialsError('none'),
      { kind: 'no answer', code: 'CREDENTIALS_NOT_FOUND', mayHaveActed: false },
    ],
    ['a bug', new TypeError('x is undefined'), undefined],
    ['no error at all', 'text', undefined],
  ])('%s', (_, error, expected) => {
    expect(sentOf(error)).toEqual(expected);
  });
});

describe('what operations come to for one resource', () => {
  const ten = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 'v']));
  const nine = Object.fromEntries(Object.entries(ten).slice(0, 9));

  type Wanted = Readonly<Record<string, string | null>> | 'none' | string[];
  it.each<[string, Readonly<Record<string, string>>, Partial<Operations>, Wanted]>([
    ['removes what is there', { a: '1', b: '2' }, { remove: ['a', 'c'] }, { a: null }],
    ['removes an empty value', { a: '' }, { remove: ['a'] }, { a: null }],
    ['does not remove what a prototype has', {}, { remove: ['toString', '__proto__'] }, 'none'],
    ['removes a key that a prototype has, too', { toString: 'x' }, { remove: ['toString'] }, { toString: null }],
    ['minds case', { Temp: '1' }, { remove: ['temp'] }, 'none'],
    ['sets what is not there', {}, { set: [['a', '1']] }, { a: '1' }],
    ['sets an empty value', {}, { set: [['a', '']] }, { a: '' }],
    ['sets a key that a prototype has', {}, { set: [['constructor', 'x']] }, { constructor: 'x' }],
    ['overwrites another value', { a: '1' }, { set: [['a', '2']] }, { a: '2' }],
    ['overwrites an empty value', { a: '' }, { set: [['a', '2']] }, { a: '2' }],
    ['leaves a value that is as wanted', { a: '1' }, { set: [['a', '1']] }, 'none'],
    ['renames', { a: '1' }, { rename: [['a', 'b']] }, { a: null, b: '1' }],
    ['renames an empty value', { a: '' }, { rename: [['a', 'b']] }, { a: null, b: '' }],
    ['renames nothing where the old key is not there', { b: '1' }, { rename: [['a', 'b']] }, 'none'],
    [
      'only removes the old key where the new one has the value',
      { a: '1', b: '1' },
      { rename: [['a', 'b']] },
      { a: null },
    ],
    [
      'leaves out where the new key has another value',
      { a: '1', b: '2' },
      { rename: [['a', 'b']] },
      ['has "b" already'],
    ],
    [
      'leaves out where the new key has an empty value',
      { a: '1', b: '' },
      { rename: [['a', 'b']] },
      ['has "b" already'],
    ],
    [
      'leaves out a value that cannot be set',
      { a: 'x y' },
      { rename: [['a', 'b']] },
      ['does not accept for a new tag'],
    ],
    ['leaves out a new key that cannot be set', { a: 'x' }, { rename: [['a', 'b c']] }, ['does not accept']],
    [
      'removes an old value that cannot be set and is there twice',
      { a: 'é', b: 'é' },
      { rename: [['a', 'b']] },
      { a: null },
    ],
    ['renames an old key that could not be set', { 'a b': 'x' }, { rename: [['a b', 'b']] }, { 'a b': null, b: 'x' }],
    [
      'one that is left out is left out of all',
      { a: '1', b: '2', c: '3' },
      { remove: ['c'], rename: [['a', 'b']] },
      ['has "b"'],
    ],
    [
      'combines',
      { a: '1', b: '2', c: '3' },
      {
        remove: ['a'],
        set: [
          ['b', '9'],
          ['d', '4'],
        ],
        rename: [['c', 'e']],
      },
      { a: null, b: '9', c: null, d: '4', e: '3' },
    ],
    ['sets a tenth tag', nine, { set: [['new', '1']] }, { new: '1' }],
    ['leaves out an eleventh', ten, { set: [['new', '1']] }, ['has 10 tags, and KMS allows 10']],
    [
      'leaves out two more than nine',
      nine,
      {
        set: [
          ['new', '1'],
          ['more', '1'],
        ],
      },
      ['has 9 tags, and KMS allows 10'],
    ],
    ['overwrites on a full resource', ten, { set: [['k1', '1']] }, { k1: '1' }],
    ['removes from a full resource', ten, { remove: ['k1'] }, { k1: null }],
    [
      'leaves out a rename on a full resource, which has no room for both',
      ten,
      { rename: [['k1', 'new']] },
      ['has 10 tags'],
    ],
    ['renames into a tenth tag', nine, { rename: [['k1', 'new']] }, { k1: null, new: 'v' }],
    [
      'does not count tags of the system',
      { ...nine, 'acs:x': '1', aliyun: '2' },
      { set: [['new', '1']] },
      { new: '1' },
    ],
    ['removes from a resource with more tags than allowed', { ...ten, k10: 'v' }, { remove: ['k10'] }, { k10: null }],
  ])('%s', (_, tags, operations, expected) => {
    const effect = effectOf(tagRecord(Object.entries(tags)), { ...NOTHING, ...operations });
    if (expected === 'none') expect(effect).toEqual({ kind: 'none' });
    else if (Array.isArray(expected)) {
      expect(effect).toEqual({ kind: 'left out', why: expect.stringContaining(expected[0] ?? '?') });
    } else expect(effect).toEqual({ kind: 'change', after: tagStates(Object.entries(expected)) });
  });

  it.each<[string, Partial<Operations>, Partial<Operations>, string[]]>([
    ['a removal', { remove: ['owner', 'temp'] }, { remove: ['temp'] }, ['owner']],
    [
      'a setting',
      {
        set: [
          ['owner', 'x'],
          ['b', 'y'],
        ],
      },
      { set: [['b', 'y']] },
      ['owner'],
    ],
    [
      'a renaming of one',
      {
        rename: [
          ['owner', 'a'],
          ['b', 'c'],
        ],
      },
      { rename: [['b', 'c']] },
      ['owner'],
    ],
    ['a renaming to one', { rename: [['a', 'owner']] }, {}, ['owner']],
    ['a pattern', { remove: ['cost-a', 'cost', 'Cost-a'] }, { remove: ['cost', 'Cost-a'] }, ['cost-a']],
    ['system keys', { remove: ['acs:a', 'aliyunx', 'xacs:'] }, { remove: ['xacs:'] }, ['acs:a', 'aliyunx']],
  ])('does not touch protected keys or keys of the system: %s', (_, asked, expected, leftOut) => {
    const allowed = allowedOperations({ ...NOTHING, ...asked }, tagProtection(['owner', 'cost-*']));
    expect(allowed.operations).toEqual({ ...NOTHING, ...expected });
    expect(allowed.leftOut.map(({ key }) => key)).toEqual(leftOut);
  });
});

describe('a plan of operations on a selection', () => {
  const row = (id: string, tags: Readonly<Record<string, string>>, regionId = 'cn-hangzhou') => {
    return { id, regionId, tags: tagRecord(Object.entries(tags)) };
  };

  it('puts alike resources of a region together, with every tag that the plan depends on', () => {
    const planned = planOperations(
      [
        row('k1', { temp: 'a', env: 'test', owner: 'x' }),
        row('k2', { temp: 'a', env: 'test', owner: 'y' }),
        row('k3', { temp: 'a', env: 'dev' }),
        row('k4', { temp: 'a', env: 'test' }, 'cn-shanghai'),
        row('k5', { env: 'test' }),
      ],
      { ...NOTHING, remove: ['temp'] },
      [{ key: 'env', value: 'prod', not: true }],
    );
    const group = (regionId: string, ids: string[], env: string) => {
      return { regionId, ids, before: { temp: 'a', env }, after: { temp: null } };
    };
    expect(planned.groups).toEqual([
      group('cn-hangzhou', ['k1', 'k2'], 'test'),
      group('cn-hangzhou', ['k3'], 'dev'),
      group('cn-shanghai', ['k4'], 'test'),
    ]);
    expect(planned.values).toEqual([{ key: 'temp', before: 'a', after: undefined, resources: 4 }]);
    expect(planned.leftOut).toEqual([]);
  });

  it('remembers that a tag which it depends on is not there', () => {
    const conditions = [{ key: 'env', not: true }];
    const { groups } = planOperations([row('k1', {})], { ...NOTHING, set: [['env', 'x']] }, conditions);
    expect(groups).toEqual([{ regionId: 'cn-hangzhou', ids: ['k1'], before: { env: null }, after: { env: 'x' } }]);
  });

  it('counts the values that go, come and are overwritten, the most frequent first', () => {
    const { values } = planOperations(
      [row('k1', { a: '1' }), row('k2', { a: '1', b: 'old' }), row('k3', { a: '2' })],
      { remove: ['a'], set: [['b', 'new']], rename: [] },
      [],
    );
    expect(values).toEqual(
      expect.arrayContaining([
        { key: 'a', before: '1', after: undefined, resources: 2 },
        { key: 'b', before: undefined, after: 'new', resources: 2 },
        { key: 'a', before: '2', after: undefined, resources: 1 },
        { key: 'b', before: 'old', after: 'new', resources: 1 },
      ]),
    );
    expect(values.map(({ resources }) => resources)).toEqual([2, 2, 1, 1]);
  });

  it.each([
    ['a value with a space', 'a', 'x y', true],
    ['a value with é', 'a', 'é', true],
    ['an emoji', 'a', '🔑', true],
    ['Chinese', 'a', '测试', true],
    ['a value with a comma', 'a', 'x,y', true],
    ['a value with quotes', 'a', '"x"', true],
    ['a value with a newline', 'a', 'x\ny', true],
    ['a value that is too long', 'a', 'x'.repeat(257), true],
    ['a key with a space', 'a b', 'x', true],
    ['a key with #', 'a#b', 'x', true],
    ['every character that can be set', 'aZ09/_-.+=@:', 'aZ09/_-.+=@:', false],
    ['an empty value', 'a', '', false],
    ['a value as long as can be', 'a', 'x'.repeat(256), false],
    ['a key as long as can be', 'k'.repeat(128), 'x', false],
  ])('names what cannot be restored: %s', (_, key, value, expected) => {
    const { notRestorable } = planOperations([row('k1', { [key]: value })], { ...NOTHING, remove: [key] }, []);
    expect(notRestorable).toEqual(expected ? [{ id: 'k1', key, value }] : []);
  });

  it('names what cannot be restored when it is overwritten, too, and not when it stays', () => {
    const rows = [row('k1', { a: 'x y', b: 'é' })];
    const { notRestorable } = planOperations(rows, { ...NOTHING, set: [['a', 'z']] }, []);
    expect(notRestorable).toEqual([{ id: 'k1', key: 'a', value: 'x y' }]);
  });
});

describe('the requests of a part', () => {
  const item = (id: string, after: Readonly<Record<string, string | null>>) => {
    return { id, before: tagStates([]), after: tagStates(Object.entries(after)) };
  };

  it('set alike tags of several resources at once, and leave out what is only to be removed', () => {
    const items = [
      item('a', { t: '1' }),
      item('b', { t: '2' }),
      item('c', { t: '1', x: null }),
      item('d', { x: null }),
    ];
    expect(setRequests(items)).toEqual([
      { ids: ['a', 'c'], write: { kind: 'set', pairs: [['t', '1']], single: false } },
      { ids: ['b'], write: { kind: 'set', pairs: [['t', '2']], single: false } },
    ]);
  });

  it('set a value that is too long for the bulk operation one resource at a time', () => {
    const [fits, long] = ['x'.repeat(128), 'x'.repeat(129)];
    const items = [item('a', { t: fits, u: long }), item('b', { t: fits, u: long })];
    expect(setRequests(items)).toEqual([
      { ids: ['a', 'b'], write: { kind: 'set', pairs: [['t', fits]], single: false } },
      { ids: ['a'], write: { kind: 'set', pairs: [['u', long]], single: true } },
      { ids: ['b'], write: { kind: 'set', pairs: [['u', long]], single: true } },
    ]);
  });

  it('carry at most twenty tags', () => {
    const keys = Array.from({ length: 45 }, (_, index) => `k${index}`);
    const set = setRequests([item('a', Object.fromEntries(keys.map((key) => [key, 'v'])))]);
    const remove = removeRequests([item('a', Object.fromEntries(keys.map((key) => [key, null])))]);
    expect(set.map(({ write }) => (write.kind === 'set' ? write.pairs.length : 0))).toEqual([20, 20, 5]);
    expect(remove.map(({ write }) => (write.kind === 'remove' ? write.keys.length : 0))).toEqual([20, 20, 5]);
    expect(set.flatMap(({ write }) => (write.kind === 'set' ? write.pairs.map(([key]) => key) : []))).toEqual(keys);
    expect(remove.flatMap(({ write }) => (write.kind === 'remove' ? write.keys : []))).toEqual(keys);
  });

  it('remove alike keys of several resources at once, and leave out what is only to be set', () => {
    const items = [
      item('a', { t: null }),
      item('b', { t: null, u: '1' }),
      item('c', { t: null, v: null }),
      item('d', { u: '1' }),
    ];
    expect(removeRequests(items)).toEqual([
      { ids: ['a', 'b'], write: { kind: 'remove', keys: ['t'] } },
      { ids: ['c'], write: { kind: 'remove', keys: ['t', 'v'] } },
    ]);
  });

  it('are none for nothing', () => {
    expect(setRequests([])).toEqual([]);
    expect(removeRequests([item('a', {})])).toEqual([]);
  });
});
