import * as z from 'zod';
import { isSystemTag } from '../../aliyun/kms/limits.js';
import { quote } from '../../base/quote.js';
import { isAlias } from '../../inventory/selection.js';
import { resolveRegion } from '../region.js';
import { regionIdField, tagList, targetFields, targetOf } from '../schemas.js';
import { tagText } from '../text/result.js';
import { defineTool } from '../tool.js';

const example = '{"SecretName":"MyDbCredentials"}';

export const listResourceTags = defineTool({
  name: 'list_resource_tags',
  title: 'List tags of a resource',
  description:
    'Lists the tags of one KMS key, secret or certificate: give one target. To search many resources use find_resources.',
  example,
  input: () => z.strictObject({ ...targetFields(), RegionId: regionIdField() }),
  output: () =>
    z.object({
      Tags: z.array(z.object({ TagKey: z.string(), TagValue: z.string(), Protected: z.boolean().optional() })),
      RequestId: z.string(),
      RegionId: z.string(),
    }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const { type, id } = targetOf(args, example);
    const regionId = resolveRegion(call, args.RegionId);
    const kms = call.kms(regionId);
    const byAlias = type === 'key' && isAlias(id);
    const keyId = byAlias ? (await kms.describeKey(id, call.options)).keyId : id;
    const { tags, requestId } = await kms.readTags({ type, id: keyId }, call.options);
    const isProtected = (key: string): boolean => isSystemTag(key) || call.protection.protectedOf([key]).length > 0;
    const kept = Object.keys(tags).filter(isProtected);
    const count = Object.keys(tags).length;
    const name = byAlias ? `${quote(keyId)} (${quote(id)})` : quote(id);
    const protectedText =
      kept.length === 0 ? '' : ` Protected, so never changed here: ${kept.map((key) => quote(key)).join(', ')}.`;
    return {
      message: `${type} ${name} in ${regionId} has ${count === 0 ? '' : `${count}: `}${tagText(tags)}.${protectedText} RequestId ${requestId}.`,
      structured: {
        Tags: tagList(tags).map((tag, index) =>
          isProtected(Object.keys(tags)[index] ?? '') ? { ...tag, Protected: true } : tag,
        ),
        RequestId: requestId,
        RegionId: regionId,
      },
    };
  },
});
