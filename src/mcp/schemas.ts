import * as z from 'zod';
import type { ResourceType } from '../aliyun/kms/kms-client.js';
import { isRegionId } from '../aliyun/kms/region.js';
import { quote } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';

/** Most bytes of a tag key, as UTF-8. Source: API page of UntagResource. */
const MAX_KEY_BYTES = 128;

export function regionIdField() {
  return z
    .string()
    .refine(isRegionId, 'must be a region ID such as cn-hangzhou')
    .optional()
    .describe('Default: the server’s region.');
}

/** The target of a single-resource tool; `targetOf` checks that it is exactly one. */
export function targetFields() {
  return {
    KeyId: wellFormed().optional(),
    SecretName: wellFormed().optional(),
    CertificateId: wellFormed().optional(),
  };
}

/** What parsing `targetFields` gives. */
export interface TargetArguments {
  readonly KeyId?: string | undefined;
  readonly SecretName?: string | undefined;
  readonly CertificateId?: string | undefined;
}

/** The one resource that is named. Throws `INVALID_ARGUMENT` for none or several, with the right form of a call. */
export function targetOf(args: TargetArguments, example: string): { readonly type: ResourceType; readonly id: string } {
  const given: { type: ResourceType; id: string }[] = [];
  if (args.KeyId !== undefined) given.push({ type: 'key', id: args.KeyId });
  if (args.SecretName !== undefined) given.push({ type: 'secret', id: args.SecretName });
  if (args.CertificateId !== undefined) given.push({ type: 'certificate', id: args.CertificateId });
  const [target] = given;
  if (target !== undefined && given.length === 1) return target;
  throw new TagsError(
    'INVALID_ARGUMENT',
    `Exactly one of KeyId, SecretName and CertificateId must be given; there ${given.length === 0 ? 'is none' : `are ${given.length}`}.`,
    `A right call: ${example}`,
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
  if (!key.isWellFormed()) return 'holds half a surrogate pair, which has no UTF-8 form';
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= MAX_KEY_BYTES) return undefined;
  return `must be 1 to ${MAX_KEY_BYTES} bytes long as UTF-8; ${quote(key, 40)} has ${bytes}`;
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

/** Strings in a list, leniently: an array, a JSON array in a string, or items separated by commas. */
export function listFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  // What begins like a JSON array and is none stays a string, and the schema refuses it: cutting it up at its commas
  // would name keys that nobody meant.
  if (text.startsWith('[')) return parseJson(text) ?? value;
  return text.split(',').map((item) => item.trim());
}

/** A list that hosts may send as a JSON array in a string. */
export function listOrJson(value: unknown): unknown {
  return typeof value === 'string' ? (parseJson(value) ?? value) : value;
}

function parseJson(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return undefined;
  }
}

/** A whole number that hosts may send as a string. */
export function wholeNumberFromText(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value.trim()) ? Number(value) : value;
}

/** Text that has a UTF-8 form: anything else cannot be signed or sent. */
export function wellFormed() {
  return z.string().refine((text) => text.isWellFormed(), 'holds half a surrogate pair, which has no UTF-8 form');
}

/** Tags in results. */
export function tagListSchema() {
  return z.array(z.object({ TagKey: z.string(), TagValue: z.string() }));
}

/** Tags as results and texts list them. */
export function tagList(tags: Readonly<Record<string, string>>): { TagKey: string; TagValue: string }[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}
