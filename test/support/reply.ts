import type { Tool } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import * as z from 'zod';

/** A tool result as a client sees it. */
export interface Reply {
  readonly isError: boolean;
  readonly text: string;
  /** Undefined for a failure. */
  readonly structured: Readonly<Record<string, unknown>>;
}

/** What a person does with a question. */
export type Answer = {
  action: 'accept' | 'decline' | 'cancel';
  content?: { [name: string]: boolean | string };
};

/** A client joined to a server. */
export interface Session {
  call(
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: { readonly signal?: AbortSignal; readonly timeout?: number },
  ): Promise<Reply>;
  tools(): Promise<readonly Tool[]>;
}

export const ERAS = ['legacy', 'modern'] as const;
export type Era = (typeof ERAS)[number];

/** How the v2 client is told which era to speak. */
export const MODES = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;

const resultForm = z.object({
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })).length(1),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});

/** Every result of ours has one text, and structured content unless it is a failure. */
export function replyOf(result: unknown): Reply {
  const { content, structuredContent, isError = false } = resultForm.parse(result);
  return { isError, text: content[0]?.text ?? '', structured: structuredContent ?? {} };
}

/** The code that the text of a failure begins with. */
export function codeOf(reply: Reply): string {
  return reply.isError ? (/^([\w.-]+): /.exec(reply.text)?.[1] ?? `no code: ${reply.text}`) : `no error: ${reply.text}`;
}

/** A refusal as the contract has it: the code, that nothing was changed, and one next step after that. */
export function expectRefusal(reply: Reply, code: string): void {
  expect(codeOf(reply)).toBe(code);
  expect(reply.text).toMatch(/Nothing was changed\. \S.*[.}")]$/s);
}

/** The resources of the sample page, by the parameter that names each. */
export const KEY = { KeyId: '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678' } as const;
export const SECRET = { SecretName: 'MyDbCredentials' } as const;
export const CERTIFICATE = { CertificateId: '770dbe42-e146-43d1-a55a-1355db861234' } as const;
/** The tags that each of them starts with. */
export const SAMPLE_TAGS = { owner: 'alice', tagkey1: 'tagvalue1', tagkey2: 'tagvalue2' } as const;

/** A target with its type and id as the emulator names them. */
export const TARGETS = [
  { type: 'key', id: KEY.KeyId, target: KEY },
  { type: 'secret', id: SECRET.SecretName, target: SECRET },
  { type: 'certificate', id: CERTIFICATE.CertificateId, target: CERTIFICATE },
] as const;
