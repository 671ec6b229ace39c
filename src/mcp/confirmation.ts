import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  SdkError,
  SdkErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { digest } from '../base/digest.js';
import { TagsError } from '../base/tags-error.js';
import type { ServerDeps } from './call.js';

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

export interface AskingCall {
  readonly deps: Pick<ServerDeps, 'seal' | 'journal' | 'answerMs'>;
  readonly tool: string;
  readonly subject: string | undefined;
  readonly context: ServerContext;
  /** Capabilities that a 2025-era client declared; undefined on the 2026 era, where each request carries them. */
  readonly legacyCapabilities: unknown;
  readonly era: 'legacy' | 'modern';
}

const KEY = 'confirm';
const answerSchema = z.object({ Confirm: z.boolean() });
const requestedSchema = {
  type: 'object' as const,
  properties: { Confirm: { type: 'boolean' as const, title: 'Yes, make this change' } },
  required: ['Confirm'],
};

/**
 * Asks the person through the client. On the 2026 era the question is a result and the answer comes with a repeated
 * call, so what must not change in between is sealed and travels with it. On the 2025 era the call stays open.
 *
 * It is relayed by the client, and so it is as honest as the client is: RAM is the boundary, not this.
 */
export async function askPerson(
  call: AskingCall,
  question: Question,
): Promise<{ ask: InputRequiredResult } | undefined> {
  const request = digest([call.tool, question.args]);
  return call.era === 'modern' ? askByResult(call, question, request) : askOnOpenCall(call, question);
}

async function askByResult(
  { deps, context, subject }: AskingCall,
  { message, seen }: Question,
  request: string,
): Promise<{ ask: InputRequiredResult } | undefined> {
  const responses = context.mcpReq.inputResponses;
  if (responses === undefined) {
    const envelope = z.record(z.string(), z.unknown()).safeParse(context.mcpReq.envelope);
    if (!canElicit(envelope.data?.[CLIENT_CAPABILITIES_META_KEY])) throw cannotPrompt();
    const requestState = deps.seal.close({ purpose: 'confirm', subject, request, seen });
    return {
      ask: inputRequired({
        inputRequests: { [KEY]: inputRequired.elicit({ message: await message(), requestedSchema }) },
        requestState,
      }),
    };
  }
  const opened = deps.seal.open(String(context.mcpReq.requestState() ?? ''));
  if (opened.kind === 'expired') throw expired('The answer came too late.');
  if (opened.kind === 'forged' || opened.sealed.purpose !== 'confirm') throw mismatch();
  const { sealed } = opened;
  if (sealed.request !== request || sealed.subject !== subject) throw mismatch();
  // Whatever the answer is, the question is over with it.
  if (!(await deps.journal.spend(opened.id, deps.seal.ttlMs))) throw expired('This question was answered before.');
  requireYes(responses[KEY]);
  if (sealed.seen !== seen) throw changedMeanwhile();
  return undefined;
}

async function askOnOpenCall(
  { deps, context, legacyCapabilities }: AskingCall,
  { message, seen, seenNow }: Question,
): Promise<undefined> {
  if (!canElicit(legacyCapabilities)) throw cannotPrompt();
  const params = { message: await message(), requestedSchema };
  const options = { timeout: deps.answerMs, signal: context.mcpReq.signal };
  const answer = await context.mcpReq
    .send({ method: 'elicitation/create', params }, options)
    .catch((error: unknown) => {
      if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) {
        throw expired(`Nobody answered within ${Math.round(deps.answerMs / 1000)} s.`);
      }
      if (context.mcpReq.signal.aborted)
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
