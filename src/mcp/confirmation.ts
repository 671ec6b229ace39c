import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { digest } from '../base/digest.js';
import { TagsError } from '../base/tags-error.js';
import type { Call } from './call.js';

/** What a person is asked before values go. */
export interface Question {
  /** Made of facts that the server read itself. */
  readonly message: () => Promise<string>;
  /** The arguments of the call, as parsed. An answer counts for these alone. */
  readonly args: unknown;
  /** Digest of the tags that the message shows. */
  readonly seen: string;
  /** Reads them again: a person may think for minutes. */
  readonly seenNow: () => Promise<string>;
}

export interface Asked {
  readonly ask: InputRequiredResult;
}

const KEY = 'confirm';
const answerSchema = z.object({ Confirm: z.boolean() });
const requestedSchema = {
  type: 'object' as const,
  properties: { Confirm: { type: 'boolean' as const, title: 'Yes, make this change' } },
  required: ['Confirm'],
};

/**
 * Under `--confirm always`, asks the person through the client. Returns a reply for the client to carry on with, or
 * undefined when the change may go ahead; throws the code of whatever else was answered. On the 2026 era the question
 * is a result and the answer comes with a repeated call, so what must not change in between travels with it, signed. On
 * the 2025 era the call stays open.
 *
 * The question is relayed by the client, and so it is as honest as the client is: RAM is the boundary, not this.
 */
export async function confirm(call: Call, question: Question): Promise<Asked | undefined> {
  if (call.confirmMode === 'host') return undefined;
  return call.connection.era === 'modern' ? askByResult(call, question) : askOnOpenCall(call, question);
}

/** Whether the call carries an answer to a question of ours, as repeated calls of the 2026 era do. */
export function isAnswer({ connection }: Call): boolean {
  return connection.context.mcpReq.inputResponses !== undefined;
}

async function askByResult(call: Call, { args, message, seen }: Question): Promise<Asked | undefined> {
  const { tokens, journal, connection, tool } = call;
  const { mcpReq } = connection.context;
  const { subject } = call.principal;
  const request = digest([tool, args]);
  const responses = mcpReq.inputResponses;
  if (responses === undefined) {
    const envelope = z.record(z.string(), z.unknown()).safeParse(mcpReq.envelope);
    if (!canElicit(envelope.data?.[CLIENT_CAPABILITIES_META_KEY])) throw cannotPrompt();
    const requestState = tokens.sign({ purpose: 'confirm', subject, request, seen });
    return {
      ask: inputRequired({
        inputRequests: { [KEY]: inputRequired.elicit({ message: await message(), requestedSchema }) },
        requestState,
      }),
    };
  }
  const verified = tokens.verify(String(mcpReq.requestState() ?? ''));
  if (verified.kind === 'expired') throw expired('The answer came too late.');
  if (verified.kind === 'forged' || verified.claims.purpose !== 'confirm') throw mismatch();
  const { claims } = verified;
  if (claims.request !== request || claims.subject !== subject) throw mismatch();
  // Whatever the answer is, the question is over with it.
  if (!(await journal.consumeOnce(verified.id, tokens.ttlMs))) throw expired('This question was answered before.');
  requireYes(responses[KEY]);
  if (claims.seen !== seen) throw changedMeanwhile();
  return undefined;
}

async function askOnOpenCall(call: Call, { message, seen, seenNow }: Question): Promise<undefined> {
  const { server, context } = call.connection;
  if (!canElicit(server.server.getClientCapabilities())) throw cannotPrompt();
  const params = { message: await message(), requestedSchema };
  const { signal } = context.mcpReq;
  const answer = await context.mcpReq
    .send({ method: 'elicitation/create', params }, { timeout: call.answerMs, signal })
    .catch((error: unknown) => {
      if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) {
        throw expired(`Nobody answered within ${Math.round(call.answerMs / 1000)} s.`);
      }
      if (signal.aborted)
        throw new TagsError('CANCELLED', 'The call was cancelled.', 'Repeat it if it is still wanted.');
      throw cannotPrompt();
    });
  requireYes(answer);
  if ((await seenNow()) !== seen) throw changedMeanwhile();
  return undefined;
}

const answerEnvelope = z.object({ action: z.enum(['accept', 'decline', 'cancel']), content: z.unknown().optional() });

/** An acceptance counts only with the content that was asked for: some hosts accept by themselves, with nothing in it. */
function requireYes(response: unknown): void {
  const answer = answerEnvelope.safeParse(response);
  if (answer.data?.action === 'decline') throw declined();
  const content = answerSchema.safeParse(answer.data?.content);
  if (answer.data?.action === 'accept' && content.success) {
    if (content.data.Confirm) return;
    throw declined();
  }
  throw new TagsError(
    'CANCELLED',
    'The question was closed without an answer.',
    'Ask the person in the conversation whether the change is still wanted, then repeat the call.',
  );
}

function canElicit(capabilities: unknown): boolean {
  const parsed = z
    .object({ elicitation: z.object({ form: z.unknown(), url: z.unknown() }).partial() })
    .safeParse(capabilities);
  if (!parsed.success) return false;
  const { form, url } = parsed.data.elicitation;
  // An empty object means forms.
  return form !== undefined || url === undefined;
}

function declined(): TagsError {
  return new TagsError('DECLINED', 'The person said no.', 'Do not repeat the call unless the person asks for it.');
}

function cannotPrompt(): TagsError {
  return new TagsError(
    'CANNOT_PROMPT',
    'This server asks a person before it removes or overwrites a tag, and this client cannot ask.',
    'The person can make the change in the KMS console, or use a client that supports elicitation.',
  );
}

function expired(why: string): TagsError {
  return new TagsError('PLAN_EXPIRED', why, 'Repeat the call to ask again.');
}

function mismatch(): TagsError {
  return new TagsError(
    'PLAN_MISMATCH',
    'The answer belongs to another call.',
    'Repeat the call without it, to ask again.',
  );
}

function changedMeanwhile(): TagsError {
  const text = 'The tags changed after the person was asked.';
  return new TagsError('CHANGED_SINCE_PREVIEW', text, 'Repeat the call to ask again with the tags as they are now.');
}
