import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { plain, quoteList } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';
import type { Call } from './call.js';
import type { Asked } from './confirmation.js';
import { EMPTY_MEANS_ABSENT } from './schemas.js';
import { failureText } from './text/failure.js';

/** What a handler returns, unless it is a question to the person. */
export interface ToolReply<Output> {
  /**
   * The sentence or two that say all that must not be missed, the warning and the next step included: the text begins
   * with it, and the structured result holds it, for hosts show the model one of the two.
   */
  readonly message: string;
  /** More lines of the text. */
  readonly details?: readonly string[];
  /** May hold more than is advertised, such as `AccountId`: schemas cost tokens in every conversation. */
  readonly structured: Output & Readonly<Record<string, unknown>>;
  /** A run that changed nothing although it should have. */
  readonly isError?: boolean;
}

export interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** What it does; what it does not do or costs; what to call next. */
  readonly description: string;
  /** Arguments of a call, as JSON, for errors. */
  readonly example: string;
  /** Made with the first call: building schemas is a tenth of a start. */
  readonly input: () => Input;
  /** Without `Message`, which every result has. */
  readonly output: () => Output;
  readonly writes: boolean;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly handler: (args: z.output<Input>, call: Call) => Promise<ToolReply<z.input<Output>> | Asked>;
}

/** A tool with its types closed over: what the server registers. */
export interface Tool extends Omit<ToolDefinition<z.ZodObject, z.ZodObject>, 'handler'> {
  /** Parses, runs, and turns every failure into a result that the model can act on. Never rejects. */
  run(args: unknown, call: Call): Promise<CallToolResult | InputRequiredResult>;
}

/** Makes a tool of its definition. The only place where failures become results: handlers have no try/catch. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const { handler, name, example, ...rest } = definition;
  const input = once(definition.input);
  return {
    ...rest,
    name,
    example,
    input,
    output: once(() => z.object({ Message: z.string(), ...definition.output().shape })),
    async run(args, call) {
      try {
        const reply = await handler(parseArguments({ name, input, example }, args), call);
        if ('ask' in reply) return reply.ask;
        const { message, details = [], structured, isError = false } = reply;
        return {
          content: [{ type: 'text', text: [message, ...details].join('\n') }],
          structuredContent: { Message: message, ...structured },
          ...(isError ? { isError } : {}),
        };
      } catch (error) {
        return { content: [{ type: 'text', text: failureText(error, call.onUnexpectedError) }], isError: true };
      }
    },
  };
}

function parseArguments<Input extends z.ZodObject>(
  { name, input, example }: { readonly name: string; readonly input: () => Input; readonly example: string },
  args: unknown,
): z.output<Input> {
  const parsed = input().safeParse(withoutAbsent(args), { error: problemOf });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${placeOf(path)} ${message}`.trim());
  const more = parsed.error.issues.length > 5 ? ` (and ${parsed.error.issues.length - 5} more)` : '';
  throw new TagsError(
    'INVALID_ARGUMENT',
    `${plain(problems.join('; '), 600)}${more}.`,
    `Example for ${name}: ${example}`,
  );
}

/** `TagKeys[1]`, `Tags[0].TagValue`; empty for the arguments as a whole. */
function placeOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${plain(String(step), 40)}`));
  return steps.join('').replace(/^\./, '');
}

/** What is wrong with an argument, continuing its name. Undefined: the schema says it in its own words. */
function problemOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return `No such parameter: ${quoteList(issue.keys, 5)}`;
    default:
      return undefined;
  }
}

function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Fields that workflow hosts (n8n and its kin) add to the arguments of every tool call. */
const HOST_FIELDS: ReadonlySet<string> = new Set(['sessionId', 'action', 'toolCallId', 'tool_call_id', 'chatInput']);

/** Models send `null` or `""` for what they leave out. */
function withoutAbsent(args: unknown): unknown {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return args ?? {};
  return Object.fromEntries(
    Object.entries(args).filter(([name, value]) => {
      const isAbsent =
        value === null || (EMPTY_MEANS_ABSENT.has(name) && typeof value === 'string' && value.trim() === '');
      return !isAbsent && !HOST_FIELDS.has(name);
    }),
  );
}
