import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { type CallReply, CLIENT_KINDS, type ClientKind, connectClient, type TestClient } from '../http/mcp-clients.js';
import { ALICE, BOB } from '../http/running-server.js';
import { freePort } from './free-port.js';
import { type RequestTally, tallyRequests } from './request-tally.js';
import { type RunningNginx, runningNginx } from './running-nginx.js';
import type { RunningProcess } from './running-process.js';
import { REDIS_PASSWORD, type RunningRedis, runningRedis } from './running-redis.js';
import { runningReplica } from './running-replica.js';

const CALLS = 2_000;
const CLIENTS_OF_A_KIND = 4;

let emulator: Emulator;
let redis: RunningRedis;
let nginx: RunningNginx;
let tally: RequestTally;
const replicas: RunningProcess[] = [];
const ports: number[] = [];
const retired: RunningProcess[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ keys: 100 });
  tally = tallyRequests(emulator);
  redis = await runningRedis();
  for (let index = 0; index < 3; index += 1) {
    const port = await freePort();
    ports.push(port);
    replicas.push(await start(port));
  }
  nginx = await runningNginx(ports);
});

afterAll(async () => {
  tally.stop();
  await nginx.stop();
  await Promise.all(replicas.map((replica) => replica.stop('SIGINT')));
  await redis.stop();
  await emulator.close();
});

const start = (port: number): Promise<RunningProcess> => runningReplica({ emulator, redisUrl: redis.url, port });

/** What became of the calls, as their clients saw it. */
const seen = { calls: 0, lost: 0, lostInDrain: 0 };
let isDraining = false;

/** Calls, and repeats what got no answer, as a person would have it: the tools promise that repeating is safe. */
async function call(client: TestClient, name: string, args: Readonly<Record<string, unknown>>) {
  for (let attempts = 1; ; attempts += 1) {
    seen.calls += 1;
    try {
      return { ...(await client.call(name, args)), attempts };
    } catch (error) {
      seen.lost += 1;
      if (isDraining) seen.lostInDrain += 1;
      if (attempts === 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

type Counted = CallReply & { readonly attempts: number };

function expectDone(reply: Counted): Counted {
  expect(reply.isError, reply.text).toBe(false);
  return reply;
}

const tagOf = (keyId: string, tagKey: string): string | undefined => emulator.tagsOf('key', keyId)?.[tagKey];

/** Tag, look, untag, undo, untag: nine calls, each of which any replica may get; `tagKey` is nobody else's. */
async function tellStory(client: TestClient, keyId: string, tagKey: string): Promise<void> {
  const target = { KeyId: keyId };
  let writes = 0;
  const write = async (name: string, args: Readonly<Record<string, unknown>>): Promise<Counted> => {
    const reply = expectDone(await call(client, name, args));
    writes += reply.attempts;
    return reply;
  };
  const tagged = await write('tag_resource', { ...target, Tags: [{ TagKey: tagKey, TagValue: tagKey }] });
  expect(tagOf(keyId, tagKey)).toBe(tagKey);
  expect(expectDone(await call(client, 'list_resource_tags', target)).text).toContain(tagKey);

  const removed = await write('untag_resource', { ...target, TagKeys: [tagKey] });
  expect(tagOf(keyId, tagKey)).toBeUndefined();
  // An attempt whose answer was lost had removed it already.
  if (removed.attempts === 1)
    expect(removed.structured).toMatchObject({ RemovedTags: [{ TagKey: tagKey, TagValue: tagKey }] });

  const changes = expectDone(await call(client, 'list_changes', { Limit: 20 }));
  expect(changes.text).toContain(removed.structured['ChangeId']);

  if (removed.attempts === 1) {
    const undone = await write('undo_change', { ChangeId: removed.structured['ChangeId'] });
    expect(undone.structured).toMatchObject(
      undone.attempts === 1 ? { Status: 'done', Restored: 1 } : { Status: 'done' },
    );
    expect(tagOf(keyId, tagKey)).toBe(tagKey);
  }
  await write('untag_resource', { ...target, TagKeys: [tagKey] });
  expect(tagOf(keyId, tagKey)).toBeUndefined();
  expect(
    expectDone(await call(client, 'find_resources', { ResourceType: 'key', Where: [{ TagKey: tagKey }] })).structured,
  ).toMatchObject({
    Resources: [],
  });
  expect(tagged.isError).toBe(false);

  const made = tally.actionsFor(tagKey);
  const least = removed.attempts === 1 ? 4 : 3;
  expect(made.length, `${tagKey}: ${made.join(', ')}`).toBeGreaterThanOrEqual(least);
  // Each answered call changed once; of a call whose answer was lost nobody can say more than "at most once".
  expect(made.length, `${tagKey}: ${made.join(', ')}`).toBeLessThanOrEqual(writes);
}

/** Two clients of one person apply one plan at the same moment, most likely on two replicas: one of them does. */
async function raceForPlan(first: TestClient, second: TestClient, keyId: string, tagKey: string): Promise<void> {
  expectDone(await call(first, 'tag_resource', { KeyId: keyId, Tags: [{ TagKey: tagKey, TagValue: 'x' }] }));
  const selection = { ResourceType: 'key', RemoveTagKeys: [tagKey], ResourceIds: [keyId] };
  const { PlanId, Change } = expectDone(await call(second, 'plan_change', selection)).structured;
  const apply = { PlanId, Change };
  const replies = await Promise.all([call(first, 'apply_plan', apply), call(second, 'apply_plan', apply)]);
  const applied = replies.filter((reply) => !reply.isError).length;
  const removals = tally.actionsFor(tagKey).filter((action) => action === 'UntagResources').length;
  expect(applied).toBeLessThanOrEqual(1);
  expect(removals).toBeLessThanOrEqual(1);
  // A replica that died between consuming the plan and sending the change leaves both undone.
  if (replies.some((reply) => reply.attempts > 1)) return;
  expect([applied, removals]).toEqual([1, 1]);
  expect(tagOf(keyId, tagKey)).toBeUndefined();
}

async function connect(kind: ClientKind, token: string): Promise<TestClient> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await connectClient(kind, `${nginx.origin}/mcp`, token, undefined, 8_000);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

it('answers 2,000 mixed calls rightly while one replica is killed and one is drained', async () => {
  let next = 0;
  const keyIdOf = (index: number): string => `key-${String((index % 100) + 1).padStart(6, '0')}`;
  const work = async (kind: ClientKind, index: number): Promise<void> => {
    const token = index % 2 === 0 ? ALICE : BOB;
    const [client, twin] = [await connect(kind, token), await connect(kind, token)];
    while (seen.calls < CALLS) {
      next += 1;
      const mine = next;
      await tellStory(client, keyIdOf(mine), `fleet-${mine}`);
      if (mine % 5 === 0) {
        next += 1;
        await raceForPlan(client, twin, keyIdOf(next), `fleet-${next}`);
      }
    }
    await Promise.all([client.close(), twin.close()]);
  };
  const trouble = async (): Promise<void> => {
    await expect.poll(() => seen.calls, { timeout: 60_000 }).toBeGreaterThan(CALLS * 0.25);
    await replace(0, 'SIGKILL');
    await expect.poll(() => seen.calls, { timeout: 60_000 }).toBeGreaterThan(CALLS * 0.6);
    isDraining = true;
    await replace(1, 'SIGTERM');
    isDraining = false;
  };
  const workers = CLIENT_KINDS.flatMap((kind) =>
    Array.from({ length: CLIENTS_OF_A_KIND }, (_, index) => work(kind, index)),
  );
  await Promise.all([...workers, trouble()]);

  const [killed, drained] = retired;
  expect(await killed?.exited).toEqual([null, 'SIGKILL']);
  expect(await drained?.exited).toEqual([0, null]);
  expect(seen.calls).toBeGreaterThanOrEqual(CALLS);
  // Twelve clients have at most one call each under way when a replica dies.
  expect(seen.lost).toBeLessThanOrEqual(CLIENT_KINDS.length * CLIENTS_OF_A_KIND * 2);
  for (const { output } of [...replicas, ...retired]) {
    expect(output()).not.toMatch(new RegExp(`${ALICE}|${BOB}|${REDIS_PASSWORD}|${emulator.accessKeySecret}|fleet-`));
    expect(output()).not.toContain('"event":"bug"');
  }
  process.stdout.write(
    `fleet: ${seen.calls} calls, ${seen.lost} without an answer, ${seen.lostInDrain} of them in the drain\n`,
  );
}, 180_000);

/** Ends a replica as a crash or an orchestrator does, and starts another in its place. */
async function replace(index: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const [replica, port] = [replicas[index], ports[index]];
  if (replica === undefined || port === undefined) throw new Error('no such replica');
  replica.child.kill(signal);
  await replica.exited;
  retired.push(replica);
  replicas[index] = await start(port);
}
