import * as z from 'zod';
import { tagRecord } from './tag-record.js';

/** The documentation prints lists with and without the wrapper element; both are taken. An empty list may be absent. */
function list<Row extends z.ZodType>(wrapper: string, row: Row) {
  const rows = z.array(row);
  return z.preprocess((value) => unwrap(wrapper, value), rows);
}

function unwrap(wrapper: string, value: unknown): unknown {
  if (value === undefined || value === null || value === '') return [];
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.hasOwn(value, wrapper) ? Reflect.get(value, wrapper) : [];
}

const tagRow = z.object({ TagKey: z.string(), TagValue: z.string().default('') });
const tagList = list('Tag', tagRow).transform((rows) => tagRecord(rows.map((row) => [row.TagKey, row.TagValue])));

/** DescribeCertificate prints its tags as a JSON string. */
const tagListOrJson = z.preprocess((value) => {
  if (typeof value !== 'string' || value === '') return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return parsed;
  } catch {
    return value;
  }
}, tagList);

const page = { TotalCount: z.coerce.number().int().min(0) };

export const resourceTagsReply = z.object({ Tags: tagList });
export const secretReply = z.object({
  SecretName: z.string().default(''),
  Description: z.string().optional(),
  PlannedDeleteTime: z.string().optional(),
  Tags: tagList,
});
export const certificateReply = z.object({ Tags: tagListOrJson });
export const regionsReply = z.object({ Regions: list('Region', z.object({ RegionId: z.string() })) });
export const keyReply = z.object({
  KeyMetadata: z.object({ KeyId: z.string(), KeyState: z.string(), Description: z.string().optional() }),
});
export const keysReply = z.object({ Keys: list('Key', z.object({ KeyId: z.string() })), ...page });
export const aliasesReply = z.object({
  Aliases: list('Alias', z.object({ AliasName: z.string(), KeyId: z.string() })),
  ...page,
});
export const secretsReply = z.object({
  SecretList: list(
    'Secret',
    z.object({ SecretName: z.string(), PlannedDeleteTime: z.string().optional(), Tags: tagList }),
  ),
  ...page,
});
export const tagResourcesReply = z.object({
  NextToken: z.string().optional(),
  TagResources: list(
    'TagResource',
    z.object({ ResourceId: z.string(), TagKey: z.string(), TagValue: z.string().default('') }),
  ),
});
