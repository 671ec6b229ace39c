import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import * as z from 'zod';

/** One line of the demo: what the person says, what the agent calls, what the server answers. */
export interface Turn {
  readonly who: 'person' | 'call' | 'answer';
  readonly text: string;
}

/** How the server is started. */
export interface DemoServer {
  /** The program, `dist/main.js`. */
  readonly program: string;
  /** For the change journal; the caller removes it. */
  readonly stateDirectory: string;
}

const KEY_ID = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';

/**
 * A scripted conversation with the real server over stdio and its embedded emulator: look, remove two tags, look, take
 * it back, look. Yields each turn as it happens; throws when a call fails or the tags are not what they should be.
 */
export async function* converse({ program, stateDirectory }: DemoServer): AsyncGenerator<Turn, void> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, '--emulator', '--state-dir', stateDirectory],
  });
  const client = new Client({ name: 'demo', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  try {
    yield say('Which tags are on our payments key?');
    const before = yield* call(client, 'list_resource_tags', { KeyId: KEY_ID });
    yield say('Remove tagkey1 and tagkey2.');
    const removal = yield* call(client, 'untag_resource', { KeyId: KEY_ID, TagKeys: ['tagkey1', 'tagkey2'] });
    yield* call(client, 'list_resource_tags', { KeyId: KEY_ID });
    yield say('That was the wrong key. Put them back.');
    yield* call(client, 'undo_change', { ChangeId: z.object({ ChangeId: z.string() }).parse(removal).ChangeId });
    const after = yield* call(client, 'list_resource_tags', { KeyId: KEY_ID });
    const tagsOf = (result: unknown): string => JSON.stringify(z.object({ Tags: z.unknown() }).parse(result).Tags);
    if (tagsOf(before) !== tagsOf(after)) throw new Error('the tags are not as they were before');
  } finally {
    await client.close();
  }
}

function say(text: string): Turn {
  return { who: 'person', text };
}

async function* call(client: Client, name: string, args: Record<string, unknown>): AsyncGenerator<Turn, unknown> {
  yield { who: 'call', text: `${name} ${JSON.stringify(args)}` };
  const result = await client.callTool({ name, arguments: args });
  const text = result.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  yield { who: 'answer', text };
  if (result.isError === true) throw new Error(`${name} failed`);
  return result.structuredContent;
}
