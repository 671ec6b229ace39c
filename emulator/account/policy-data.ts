import * as z from 'zod';

/** A policy's document. A string is answered as it is, so that it may be one that no client can parse. */
export type PolicyData = string | Readonly<Record<string, unknown>>;

export const policyDataSchema: z.ZodType<PolicyData> = z.union([z.string(), z.record(z.string(), z.unknown())]);

/** A policy's document as the API answers it. */
export function policyText(document: PolicyData): string {
  return typeof document === 'string' ? document : JSON.stringify(document);
}
