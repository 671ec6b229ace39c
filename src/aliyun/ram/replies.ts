import * as z from 'zod';
import { list } from '../kms/replies.js';

/** A list that is left out is no empty one here: "no policy" is what a person would act on. */
function presentList<Row extends z.ZodType>(wrapper: string, row: Row) {
  return z
    .unknown()
    .refine((value): boolean => value !== undefined && value !== null)
    .pipe(list(wrapper, row));
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

export const policiesReply = z.object({
  Policies: presentList(
    'Policy',
    z.object({
      PolicyName: z.string(),
      DefaultVersion: text,
      UpdateDate: text,
      /** Undefined where the reply does not say. */
      AttachmentCount: z.coerce.number().int().min(0).optional(),
    }),
  ),
  IsTruncated: z.boolean().nullish(),
  Marker: text,
});

export const policyReply = z.object({ DefaultPolicyVersion: z.object({ PolicyDocument: z.string() }) });

export const entitiesReply = z.object({
  Users: presentList('User', z.object({ UserName: z.string() })),
  Groups: presentList('Group', z.object({ GroupName: z.string() })),
  Roles: presentList('Role', z.object({ RoleName: z.string() })),
});

export const attachmentsReply = z.object({
  PolicyAttachments: presentList(
    'PolicyAttachment',
    z.object({ PrincipalName: z.string(), PrincipalType: z.string(), ResourceGroupId: text }),
  ),
  TotalCount: z.coerce.number().int().min(0),
});
