import * as z from 'zod';

/** One, or a list: RAM writes both. Read as a list. */
export function oneOrMore<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.union([z.array(item), item.transform((one) => [one])]);
}
