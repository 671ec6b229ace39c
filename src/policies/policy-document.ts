import * as z from 'zod';
import { parseJson } from '../base/json.js';
import type { PolicyDocument, Statement } from './statement.js';

/** Twice the largest document that any page allows (a key policy: 32,768 bytes). */
const MAX_CHARACTERS = 65_536;
/** A condition's value lies six levels deep. */
const MAX_DEPTH = 16;

/** One text or several, as RAM takes them. */
const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);

/** A value of a condition. RAM's own editor writes text; numbers and booleans mean the same. */
const value = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);
const values = z.union([value.transform((one) => [one]), z.array(value)]);

/** The members of an object in their order. Unlike `z.record`, a member named `__proto__` is one of them. */
function members<Value extends z.ZodType>(schema: Value) {
  const isObject = (input: unknown): input is object =>
    typeof input === 'object' && input !== null && !Array.isArray(input);
  return z.preprocess(
    (input) => (isObject(input) ? Object.entries(input) : undefined),
    z.array(z.tuple([z.string(), schema])),
  );
}

const conditions = members(members(values)).transform((operators) =>
  operators.flatMap(([operator, keys]) => keys.map(([key, of]) => ({ operator, key, values: of }))),
);

/** `{"RAM": ["acs:ram::…"]}`, or a bare `"*"`. */
const principals = z.union([texts, members(texts).transform((kinds) => kinds.flatMap(([, names]) => names))]);

const statement = z
  .object({
    Sid: z.string().optional().catch(undefined),
    Effect: z.enum(['Allow', 'Deny']),
    Action: texts.optional(),
    NotAction: texts.optional(),
    Resource: texts.optional(),
    NotResource: texts.optional(),
    Principal: principals.optional(),
    Condition: conditions.optional(),
  })
  .refine(({ Action, NotAction }) => (Action === undefined) !== (NotAction === undefined))
  .refine(({ Resource, NotResource }) => Resource === undefined || NotResource === undefined)
  .transform(
    (read): Statement => ({
      sid: read.Sid,
      effect: read.Effect,
      actions: { not: read.Action === undefined, patterns: read.Action ?? read.NotAction ?? [] },
      // A statement that names no resource is taken to be about all of them: better named than missed.
      resources: { not: read.NotResource !== undefined, patterns: read.Resource ?? read.NotResource ?? ['*'] },
      conditions: read.Condition ?? [],
      principals: read.Principal ?? [],
    }),
  );

/** One statement may stand without its array. */
const document = z.object({
  Statement: z
    .unknown()
    .refine((given) => typeof given === 'object' && given !== null)
    .transform((given): readonly unknown[] => (Array.isArray(given) ? given : [given])),
});

/**
 * The statements of a policy document that mention a tag; the others say nothing about tags and are not kept. What
 * cannot be read is said in `problem`, and never taken for a document without statements. Never throws.
 *
 * Tags are looked for after parsing, so that no escape (`\u002f`) can hide one; and because JSON.parse keeps the last
 * of two members of the same name, a document with such a pair is said to be read in part.
 */
export function readPolicyDocument(text: string): PolicyDocument {
  const unreadable = (problem: string): PolicyDocument => ({ statements: [], problem });
  if (text.length > MAX_CHARACTERS) return unreadable(`it is longer than ${MAX_CHARACTERS} characters`);
  const written = outline(text);
  if (written.depth > MAX_DEPTH) return unreadable(`it is nested more than ${MAX_DEPTH} levels deep`);
  const parsed = parseJson(text);
  if (parsed === undefined) return unreadable('it is not JSON');
  const read = document.safeParse(parsed);
  if (!read.success) return unreadable('it has no statements');

  const statements: Statement[] = [];
  let unknown = 0;
  for (const candidate of read.data.Statement) {
    if (!mentionsTag(candidate)) continue;
    const result = statement.safeParse(candidate);
    if (result.success) statements.push(result.data);
    else unknown += 1;
  }
  return { statements, problem: problemOf(unknown, written.strings !== outline(JSON.stringify(parsed)).strings) };
}

function problemOf(unknown: number, repeated: boolean): string | undefined {
  if (unknown > 0) return `${unknown} of its statements that mention a tag are of an unknown form`;
  return repeated ? 'a name occurs twice in one object of it, and only the last was read' : undefined;
}

/** In a condition key (`kms:tag/env`) or as a variable (`${kms:tag/env}`), however it is spelled. */
function mentionsTag(candidate: unknown): boolean {
  return /tag\//i.test(JSON.stringify(candidate));
}

/**
 * How deep JSON is nested and how many strings it holds, names of members included. Looked at before parsing, since a
 * parser's own stack is not ours to try.
 */
function outline(json: string): { readonly depth: number; readonly strings: number } {
  let [open, depth, quotes, inString] = [0, 0, 0, false];
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') {
      inString = !inString;
      quotes += 1;
    } else if (inString) {
      if (character === '\\') at += 1;
    } else if (character === '{' || character === '[') {
      open += 1;
      depth = Math.max(depth, open);
    } else if (character === '}' || character === ']') {
      open -= 1;
    }
  }
  return { depth, strings: quotes / 2 };
}
