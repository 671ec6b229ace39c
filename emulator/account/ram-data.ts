import * as z from 'zod';
import { type PolicyData, policyDataSchema } from './policy-data.js';

/** To whom a policy is attached, by name. */
export interface AttachmentData {
  readonly Users?: readonly string[] | undefined;
  readonly Groups?: readonly string[] | undefined;
  readonly Roles?: readonly string[] | undefined;
}

/** A RAM policy. What is attached in the whole account stands in it, what in a resource group alone under its ID. */
export interface RamPolicyData extends AttachmentData {
  readonly PolicyName: string;
  /** Default Custom. */
  readonly PolicyType?: 'Custom' | 'System' | undefined;
  readonly Description?: string | undefined;
  readonly PolicyDocument: PolicyData;
  readonly ResourceGroups?: Readonly<Record<string, AttachmentData>> | undefined;
}

const names = z.array(z.string().min(1)).optional();
const attachments = { Users: names, Groups: names, Roles: names };

export const ramPolicySchema: z.ZodType<RamPolicyData> = z.strictObject({
  PolicyName: z.string().min(1).max(128),
  PolicyType: z.enum(['Custom', 'System']).optional(),
  Description: z.string().optional(),
  PolicyDocument: policyDataSchema,
  ...attachments,
  ResourceGroups: z.record(z.string().min(1), z.strictObject(attachments)).optional(),
});
