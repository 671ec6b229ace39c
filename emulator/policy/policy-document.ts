import * as z from 'zod';
import { oneOrMore } from './one-or-more.js';

/** A policy that is attached to an identity or to a session, as RAM's grammar has it. */
export interface PolicyDocument {
  readonly Statement: readonly {
    readonly Effect: 'Allow' | 'Deny';
    readonly Action?: readonly string[] | undefined;
    readonly NotAction?: readonly string[] | undefined;
    readonly Resource?: readonly string[] | undefined;
    readonly NotResource?: readonly string[] | undefined;
    readonly Condition?: unknown;
  }[];
}

const texts = oneOrMore(z.string());

const policyDocument: z.ZodType<PolicyDocument> = z.strictObject({
  Version: z.literal('1'),
  Statement: z
    .array(
      z
        .strictObject({
          Sid: z.string().optional(),
          Effect: z.enum(['Allow', 'Deny']),
          Action: texts.optional(),
          NotAction: texts.optional(),
          Resource: texts.optional(),
          NotResource: texts.optional(),
          Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
        })
        .refine((one) => (one.Action === undefined) !== (one.NotAction === undefined))
        .refine((one) => (one.Resource === undefined) !== (one.NotResource === undefined)),
    )
    .min(1),
});

/** Parses a policy's text; undefined for anything that is not one. */
export function parsePolicy(text: string): PolicyDocument | undefined {
  try {
    return policyDocument.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Whether a policy permits an action on a resource, nothing being permitted that no statement allows. Conditions are
 * not evaluated, but read strictly: an Allow that has one grants nothing, a Deny that has one denies.
 */
export function permits({ Statement }: PolicyDocument, action: string, arn: string): boolean {
  const about = Statement.filter((one) => {
    const actions = one.Action ?? one.NotAction ?? [];
    const resources = one.Resource ?? one.NotResource ?? [];
    const isAction = actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));
    const isResource = resources.some((pattern) => matches(pattern, arn));
    return isAction === (one.Action !== undefined) && isResource === (one.Resource !== undefined);
  });
  const isDenied = about.some((one) => one.Effect === 'Deny');
  return !isDenied && about.some((one) => one.Effect === 'Allow' && one.Condition === undefined);
}

/** `*` stands for any characters, `?` for one. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (sign) =>
    sign === '*' ? '[^]*' : sign === '?' ? '[^]' : `\\${sign}`,
  );
  return new RegExp(`^${source}$`).test(text);
}
