import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, CLIENT_KINDS, type ClientKind, connectClient, type TestClient } from './mcp-clients.js';
import { ADMIN, ALICE, BOB, KEY_ID, READER, runningServer, type TestServer } from './running-server.js';

let server: TestServer;
const clients: TestClient[] = [];

beforeEach(async () => {
  server = await runningServer();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.close();
});

async function connect(kind: ClientKind, token: string, answer?: () => Answer): Promise<TestClient> {
  const client = await connectClient(kind, server.url, token, answer);
  clients.push(client);
  return client;
}

describe.each(CLIENT_KINDS)('the client %s', (kind) => {
  it('lists the tools, removes a tag, and takes it back', async () => {
    const client = await connect(kind, ALICE);
    expect(await client.toolNames()).toContain('untag_resource');
    const removed = await client.call('untag_resource', { KeyId: KEY_ID, TagKeys: ['tagkey1'] });
    expect(removed).toMatchObject({ isError: false, structured: { RemovedTags: [{ TagKey: 'tagkey1' }] } });
    expect(server.emulator.tagsOf('key', KEY_ID)).not.toHaveProperty('tagkey1');
    await client.call('undo_change', { ChangeId: removed.structured['ChangeId'] });
    expect(server.emulator.tagsOf('key', KEY_ID)).toHaveProperty('tagkey1', 'tagvalue1');
    const era = kind === 'v2-modern' ? 'modern' : 'legacy';
    const line = server.log.findLast((entry) => entry['tool'] === 'untag_resource');
    expect(line).toMatchObject({
      era,
      outcome: 'ok',
      requestId: removed.structured['RequestId'],
      subject: 'token:alice',
    });
  });

  it('is not let in with a token that nobody knows', async () => {
    await expect(connect(kind, 'mallory-0123456789-0123456789')).rejects.toThrow();
    expect(server.emulator.count()).toBe(0);
  });

  it('cannot change anything as a reader', async () => {
    const client = await connect(kind, READER);
    expect((await client.call('list_resource_tags', { KeyId: KEY_ID })).isError).toBe(false);
    await expect(client.call('untag_resource', { KeyId: KEY_ID, TagKeys: ['tagkey1'] })).rejects.toThrow();
    expect(server.emulator.count('UntagResource')).toBe(0);
  });

  it('sees and undoes its own changes only, unless it holds the admin scope', async () => {
    const [alice, bob, admin] = [await connect(kind, ALICE), await connect(kind, BOB), await connect(kind, ADMIN)];
    const { structured } = await alice.call('untag_resource', { KeyId: KEY_ID, TagKeys: ['tagkey1'] });
    const undo = { ChangeId: structured['ChangeId'] };
    expect((await bob.call('list_changes', {})).text).not.toContain(undo.ChangeId);
    expect((await bob.call('undo_change', undo)).text).toMatch(/^CHANGE_NOT_FOUND/);
    expect(server.emulator.tagsOf('key', KEY_ID)).not.toHaveProperty('tagkey1');
    expect((await admin.call('list_changes', {})).text).toContain(undo.ChangeId);
    expect((await admin.call('undo_change', undo)).isError).toBe(false);
    expect(server.emulator.tagsOf('key', KEY_ID)).toHaveProperty('tagkey1');
  });

  it('cannot use the plan of another', async () => {
    const [alice, bob] = [await connect(kind, ALICE), await connect(kind, BOB)];
    const selection = { ResourceType: 'key', RemoveTagKeys: ['tagkey1'], ResourceIds: [KEY_ID] };
    const { PlanId, Change } = (await alice.call('plan_change', selection)).structured;
    const second = { PlanId, Change };
    expect((await bob.call('apply_plan', second)).text).toMatch(/^PLAN_EXPIRED: There is no such plan/);
    expect(server.emulator.tagsOf('key', KEY_ID)).toHaveProperty('tagkey1');
    expect((await alice.call('apply_plan', second)).structured).toMatchObject({ Status: 'done' });
    expect((await alice.call('apply_plan', second)).isError).toBe(true);
  });
});

describe('under --confirm always', () => {
  beforeEach(async () => {
    await server.close();
    server = await runningServer(['--confirm', 'always']);
  });

  it.each<[string, Answer, boolean]>([
    ['yes', { action: 'accept', content: { Confirm: true } }, true],
    ['no', { action: 'decline' }, false],
  ])('asks the person through a client of the 2026 era: %s', async (_, answer, isRemoved) => {
    const client = await connect('v2-modern', ALICE, () => answer);
    const { isError } = await client.call('untag_resource', { KeyId: KEY_ID, TagKeys: ['tagkey1'] });
    expect(isError).toBe(!isRemoved);
    expect(Object.hasOwn(server.emulator.tagsOf('key', KEY_ID) ?? {}, 'tagkey1')).toBe(!isRemoved);
  });

  it.each(['v1', 'v2-legacy'] as const)('refuses where the client cannot ask: %s', async (kind) => {
    const client = await connect(kind, ALICE);
    const reply = await client.call('untag_resource', { KeyId: KEY_ID, TagKeys: ['tagkey1'] });
    expect(reply.text).toMatch(/^CANNOT_PROMPT/);
    expect(server.emulator.count('UntagResource')).toBe(0);
  });
});
