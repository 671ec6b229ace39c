import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { connect, openWorld, type World } from '../support/program.js';
import { type Answer, expectRefusal, KEY, SAMPLE_TAGS } from '../support/reply.js';

const ALWAYS = ['--confirm', 'always'];
const WRITES = ['UntagResource', 'TagResource', 'UntagResources', 'TagResources'];

let shortAnswers: BuiltProgram;
let world: World;
beforeAll(async () => {
  shortAnswers = await buildProgram('test/e2e/short-answer-server.ts');
});
afterAll(() => shortAnswers.remove());
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** Four people, or what hosts put in their place. */
const DOUBLES = [
  { double: 'refuses', person: (): Answer => ({ action: 'decline' }), code: 'DECLINED' },
  { double: 'accepts with {}', person: (): Answer => ({ action: 'accept', content: {} }), code: 'CANCELLED' },
  { double: 'cannot be asked', person: undefined, code: 'CANNOT_PROMPT' },
  { double: 'hangs', person: hang, code: 'PLAN_EXPIRED' },
] as const;

/** Answers after the time for it. On the modern era the client itself waits; the late answer is refused. */
async function hang(): Promise<Answer> {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return { action: 'accept', content: { Confirm: true } };
}

const asked = (person: (() => Answer | Promise<Answer>) | undefined) => (person === undefined ? {} : { person });

const BULK = { ResourceType: 'key', RemoveTagKeys: ['temp'], Where: [{ TagKey: 'temp' }] };

describe.each(['v1', 'v2-modern'] as const)('--confirm always and a %s client', (kind) => {
  it.each(DOUBLES)('that $double: $code, and nothing is changed by any tool', async ({ person, code }) => {
    const { emulator } = world;
    const program = code === 'PLAN_EXPIRED' ? { program: shortAnswers.path } : {};
    const { call, close, problems } = await connect(kind, world, { ...program, args: ALWAYS, ...asked(person) });
    // A new tag takes nothing away: nobody is asked.
    const set = await call('tag_resource', { ...KEY, Tags: [{ TagKey: 'env', TagValue: 'dev' }] });
    const before = WRITES.map((action) => emulator.count(action));
    const plan = await call('plan_change', BULK);
    const calls = [
      call('untag_resource', { ...KEY, TagKeys: ['tagkey1', 'tagkey2'] }),
      call('tag_resource', { ...KEY, Tags: [{ TagKey: 'owner', TagValue: 'mallory' }] }),
      call('undo_change', { ChangeId: set.structured['ChangeId'] }),
      call('apply_plan', { PlanId: plan.structured['PlanId'], Change: plan.structured['Change'] }),
    ];
    for (const reply of await Promise.all(calls)) {
      expectRefusal(reply, code);
      expect(reply.text).not.toMatch(/--confirm|KMS_TAGS_CONFIRM/);
    }
    expect(WRITES.map((action) => emulator.count(action))).toEqual(before);
    expect(emulator.tagsOf('key', KEY.KeyId)).toEqual({ ...SAMPLE_TAGS, env: 'dev' });
    expect(problems).toEqual([]);
    await close();
  });
});
