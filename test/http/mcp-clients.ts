import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** A result as each SDK understands it. */
export interface CallReply {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
}

/** The common part of three real clients. */
export interface TestClient {
  readonly kind: ClientKind;
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<CallReply>;
  toolNames(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** SDK 1.x; SDK 2 as it comes (2025 era); SDK 2 with the 2026 era. */
export const CLIENT_KINDS = ['v1', 'v2-legacy', 'v2-modern'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** Answers a question of the server; only the 2026 era can ask over stateless HTTP. */
export type Answer = { readonly action: 'accept' | 'decline'; readonly content?: { readonly Confirm: boolean } };

const INFO = { name: 'test-client', version: '1.0.0' };

/** Connects a client of `kind`; `timeout` is for one call, in ms. Rejects when the server refuses. */
export async function connectClient(
  kind: ClientKind,
  url: string,
  token?: string,
  answer?: () => Answer,
  timeout = 60_000,
): Promise<TestClient> {
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  if (kind === 'v1') {
    const client = new FirstClient(INFO);
    const transport = new FirstTransport(new URL(url), { requestInit });
    await client.connect(transport);
    return {
      kind,
      call: async (name, args) =>
        replyOf(await client.callTool({ name, arguments: { ...args } }, undefined, { timeout })),
      toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
      close: () => client.close(),
    };
  }
  const client = new ModernClient(INFO, {
    capabilities: answer ? { elicitation: {} } : {},
    versionNegotiation: { mode: kind === 'v2-modern' ? { pin: '2026-07-28' } : 'legacy' },
  });
  if (answer) client.setRequestHandler('elicitation/create', async () => answer());
  await client.connect(new ModernTransport(new URL(url), { requestInit }));
  return {
    kind,
    call: async (name, args) => replyOf(await client.callTool({ name, arguments: { ...args } }, { timeout })),
    toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  };
}

function replyOf(result: object): CallReply {
  const content: unknown = 'content' in result ? result.content : undefined;
  const [first]: unknown[] = Array.isArray(content) ? content : [];
  const text = typeof first === 'object' && first !== null && 'text' in first ? String(first.text) : '';
  const structured = 'structuredContent' in result ? result.structuredContent : undefined;
  return {
    isError: 'isError' in result && result.isError === true,
    text,
    structured: typeof structured === 'object' && structured !== null ? { ...structured } : {},
  };
}
