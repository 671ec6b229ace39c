import * as z from 'zod';
import { quote } from '../../base/quote.js';
import { regionIdField, tagList, tagListSchema, targetFields, targetOf } from '../schemas.js';
import { tagText } from '../text/result.js';
import { defineTool } from '../tool.js';

const example = '{"SecretName":"MyDbCredentials"}';

export const listResourceTags = defineTool({
  name: 'list_resource_tags',
  title: 'List the tags of one KMS resource',
  description:
    'Lists the tags of one KMS key, secret or certificate. Give exactly one of KeyId, SecretName, CertificateId. ' +
    'To search many resources use find_resources.',
  example,
  input: () => z.strictObject({ ...targetFields(), RegionId: regionIdField() }),
  output: () => z.object({ Tags: tagListSchema(), RequestId: z.string(), RegionId: z.string() }),
  writes: false,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },

  async handler(args, call) {
    const target = targetOf(args, example);
    const regionId = await call.region(args.RegionId);
    const { tags, requestId } = await call.kms(regionId).readTags(target, call.options);
    const count = Object.keys(tags).length;
    const text = `${target.type} ${quote(target.id)} in ${regionId} has ${count === 0 ? '' : `${count}: `}${tagText(tags)}. RequestId ${requestId}.`;
    return { structured: { Tags: tagList(tags), RequestId: requestId, RegionId: regionId }, text };
  },
});
