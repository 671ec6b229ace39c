import * as z from 'zod';
import type { ResourceType } from '../aliyun/kms/kms-client.js';
import { isRegionId } from '../aliyun/kms/region.js';
import { parseJson } from '../base/json.js';
import { plain, quote } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';
import type { Condition } from '../inventory/conditions.js';

/** Most bytes of a tag key, as UTF-8. Source: API page of UntagResource. */
const MAX_KEY_BYTES = 128;
/** Most characters of a tag value. Source: API page of TagResource. */
const MAX_VALUE = 256;

/** `RegionId` of a tool that acts in one region. */
export function regionIdField() {
  return trimmed()
    .refine(isRegionId, 'must be a region ID such as cn-hangzhou')
    .optional()
    .describe('Without it: the default region.');
}

/** `RegionId` of a tool that can look at all regions. */
export function regionIdsField() {
  return trimmed()
    .refine(
      (text) => text === '*' || isRegionId(text),
      'must be a region ID such as cn-hangzhou, or "*" for all regions',
    )
    .optional()
    .describe('"*": all. Without it: the default region.');
}

/** The target of a single-resource tool; `targetOf` checks that it is exactly one. */
export function targetFields() {
  return {
    KeyId: trimmed().optional().describe('ID, alias/… or ARN. One target.'),
    SecretName: trimmed().optional().describe('One target.'),
    CertificateId: trimmed().optional().describe('One target.'),
  };
}

/**
 * Parameters where `""` means absent, as models fill in the targets that they do not use. Elsewhere it is a value, or an
 * error that says so: an empty filter or list must never become none.
 */
export const EMPTY_MEANS_ABSENT: ReadonlySet<string> = new Set(['KeyId', 'SecretName', 'CertificateId']);

/** What parsing `targetFields` gives. */
export interface TargetArguments {
  readonly KeyId?: string | undefined;
  readonly SecretName?: string | undefined;
  readonly CertificateId?: string | undefined;
}

/** The one resource that is named. Throws `INVALID_ARGUMENT` for none or several, with an example of a call. */
export function targetOf(args: TargetArguments, example: string): { readonly type: ResourceType; readonly id: string } {
  const given: { type: ResourceType; id: string }[] = [];
  if (args.KeyId !== undefined) given.push({ type: 'key', id: args.KeyId });
  if (args.SecretName !== undefined) given.push({ type: 'secret', id: args.SecretName });
  if (args.CertificateId !== undefined) given.push({ type: 'certificate', id: args.CertificateId });
  const [target] = given;
  if (target !== undefined && given.length === 1) return target;
  throw new TagsError(
    'INVALID_ARGUMENT',
    `Give exactly one of KeyId, SecretName and CertificateId; there ${given.length === 0 ? 'is none' : `are ${given.length}`}.`,
    `Example: ${example}`,
  );
}

/** One tag key: 1 to 128 bytes of UTF-8. The API page states no other rule, so none is enforced. */
export function tagKey() {
  return z.string().superRefine((key, context) => {
    const problem = keyProblem(key);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
}

function keyProblem(key: string): string | undefined {
  if (!key.isWellFormed()) return UNPAIRED;
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= MAX_KEY_BYTES) return undefined;
  return `must be 1 to ${MAX_KEY_BYTES} bytes long as UTF-8; ${quote(key, 40)} has ${bytes}`;
}

const UNPAIRED = 'holds an unpaired surrogate (invalid Unicode)';

/** A tag value: up to 256 characters; `""` is a value. */
function tagValue() {
  return wellFormed().refine((value) => [...value].length <= MAX_VALUE, `must be at most ${MAX_VALUE} characters`);
}

/**
 * One or more tag keys, without duplicates. Advertised as a plain array; a string is taken too, since models send
 * them: a JSON array in a string, or keys separated by commas as the API page says.
 */
export function tagKeysField(description: string) {
  return z
    .preprocess(listFromText, z.array(tagKey()).min(1, 'must hold at least one tag key'))
    .transform((keys) => [...new Set(keys)])
    .describe(description);
}

/** Tags to set, each key once. */
export function tagsField(description: string, most: number) {
  const tag = z.strictObject({ TagKey: tagKey(), TagValue: tagValue() });
  return z
    .preprocess(
      listOrJson,
      z
        .array(tag)
        .min(1, 'must hold at least one tag')
        .max(most, `must hold at most ${most} tags`)
        .refine((tags) => new Set(tags.map(({ TagKey }) => TagKey)).size === tags.length, 'names a tag key twice'),
    )
    .describe(description);
}

/** Conditions that must all hold. */
export function whereField(description: string) {
  const condition = z.strictObject({
    TagKey: tagKey(),
    TagValue: wellFormed().optional(),
    Not: z.preprocess(booleanFromText, z.boolean()).optional(),
  });
  return z
    .preprocess(
      listOrJson,
      z.array(condition).min(1, 'must hold at least one condition').max(20, 'must hold at most 20 conditions'),
    )
    .describe(description);
}

/** What parsing `whereField` gives, as the domain knows it. */
export function conditionsOf(
  where: readonly {
    readonly TagKey: string;
    readonly TagValue?: string | undefined;
    readonly Not?: boolean | undefined;
  }[],
): readonly Condition[] {
  return where.map(({ TagKey: key, TagValue: value, Not: not }) => ({
    key,
    ...(value === undefined ? {} : { value }),
    ...(not === true ? { not } : {}),
  }));
}

/** Names or ids of resources. */
export function idsField(description: string) {
  return z
    .preprocess(listFromText, z.array(trimmed()).min(1, 'must hold at least one'))
    .transform((ids) => [...new Set(ids)])
    .describe(description);
}

/** A whole number that hosts may send as a string. */
export function numberField(least: number, most: number, fallback: number, description: string) {
  return z
    .preprocess(wholeNumberFromText, z.int().min(least).max(most).default(fallback))
    .describe(`${description} Without it: ${fallback}.`);
}

/** Strings in a list, leniently: an array, a JSON array in a string, or items separated by commas. */
function listFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  // What begins like a JSON array and is none stays a string, and the schema refuses it: cutting it up at its commas
  // would name keys that nobody meant.
  if (text.startsWith('[')) return parseJson(text) ?? value;
  return text.split(',').map((item) => item.trim());
}

/** A list that hosts may send as a JSON array in a string, or one object where a list of one is meant. */
export function listOrJson(value: unknown): unknown {
  const list = typeof value === 'string' ? (parseJson(value) ?? value) : value;
  return typeof list === 'object' && list !== null && !Array.isArray(list) ? [list] : list;
}

function wholeNumberFromText(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value.trim()) ? Number(value) : value;
}

function booleanFromText(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value;
}

/** Text that has a UTF-8 form: anything else cannot be signed or sent. */
export function wellFormed() {
  return z.string().refine((text) => text.isWellFormed(), UNPAIRED);
}

/** An id or a name: blanks around it come from a paste. */
export function trimmed() {
  return wellFormed()
    .transform((text) => text.trim())
    .refine((text) => text !== '', 'is empty; leave it out');
}

/** Tags in results. */
export function tagListSchema() {
  return z.array(z.object({ TagKey: z.string(), TagValue: z.string() }));
}

/** Longest text of others in a structured result; KMS itself has no longer ones. */
const MAX_FIELD = 1_000;

/** Tags as structured results list them. */
export function tagList(tags: Readonly<Record<string, string>>): { TagKey: string; TagValue: string }[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey: capped(TagKey), TagValue: capped(TagValue) }));
}

/** Text of others for a structured result: as it is, unless it is absurdly long. */
export function capped(text: string): string {
  return text.length <= MAX_FIELD ? text : plain(text, MAX_FIELD);
}
