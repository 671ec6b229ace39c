import * as z from 'zod';
import { parseJson } from '../../base/json.js';
import { tagRecord } from './tag-record.js';

/**
 * The documentation prints lists with and without the wrapper element, and the tags of a certificate as JSON in a
 * string: all are taken. An empty list may be absent. Whatever else comes is not taken for an empty list: a tag that
 * is not seen is a tag that undo cannot bring back.
 */
export function list<Row extends z.ZodType>(wrapper: string, row: Row) {
  return z.preprocess((value) => rowsOf(wrapper, value), z.array(row));
}

function rowsOf(wrapper: string, value: unknown): unknown {
  const parsed = typeof value === 'string' && value !== '' ? (parseJson(value) ?? value) : value;
  const isWrapped = typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, wrapper);
  const rows: unknown = isWrapped ? Reflect.get(parsed, wrapper) : parsed;
  return isNothing(rows) ? [] : rows;
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** Text that may be left out, or be `null`. */
const textOrEmpty = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

const tagRow = z.object({ TagKey: z.string(), TagValue: textOrEmpty });
const tagList = list('Tag', tagRow).transform((rows) => tagRecord(rows.map((row) => [row.TagKey, row.TagValue])));

/** No account has more; a larger number, or one in another notation, is a mistake of the service or of something between. */
const MOST_RESOURCES = 10_000_000;
const count = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,8}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(0).max(MOST_RESOURCES));
const page = { TotalCount: count };

export const resourceTagsReply = z.object({ Tags: tagList });
export const secretReply = z.object({ PlannedDeleteTime: textOrEmpty, Tags: tagList });
export const certificateReply = z.object({ Tags: tagList });
export const regionsReply = z.object({ Regions: list('Region', z.object({ RegionId: z.string() })) });
export const keyReply = z.object({
  KeyMetadata: z.object({ KeyId: z.string(), Arn: textOrEmpty, KeyState: textOrEmpty }),
});
export const keysReply = z.object({ Keys: list('Key', z.object({ KeyId: z.string() })), ...page });
export const aliasesReply = z.object({
  Aliases: list('Alias', z.object({ AliasName: z.string(), KeyId: z.string() })),
  ...page,
});
export const secretsReply = z.object({
  SecretList: list('Secret', z.object({ SecretName: z.string(), PlannedDeleteTime: textOrEmpty, Tags: tagList })),
  ...page,
});
export const tagResourcesReply = z.object({
  NextToken: textOrEmpty,
  TagResources: list('TagResource', z.object({ ResourceId: z.string(), TagKey: z.string(), TagValue: textOrEmpty })),
});
