import type * as z from 'zod';
import { invalidParameter, kmsRefusal, missingParameter } from '../refusal.js';

export type Parameters = Readonly<Record<string, string>>;

/** A parameter that must be there and not be empty. */
export function required(parameters: Parameters, name: string): string {
  const value = parameters[name] ?? '';
  if (value === '') {
    throw missingParameter(name);
  }
  return value;
}

/** A whole number between `min` and `max`; `otherwise` when it is left out. */
export function wholeNumber(
  parameters: Parameters,
  name: string,
  { min, max, otherwise }: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  const text = parameters[name] ?? '';
  if (text === '') {
    return otherwise;
  }
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw invalidParameter(name);
  }
  return value;
}

/** `true` or `false` in any case; false when it is left out. */
export function flag(parameters: Parameters, name: string): boolean {
  const text = (parameters[name] ?? '').toLowerCase();
  if (text !== '' && text !== 'true' && text !== 'false') {
    throw invalidParameter(name);
  }
  return text === 'true';
}

/** A parameter whose one string holds JSON. Undefined when it is left out. */
export function jsonParameter<T>(parameters: Parameters, name: string, schema: z.ZodType<T>): T | undefined {
  const text = parameters[name] ?? '';
  if (text === '') {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidParameter(name);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw invalidParameter(name);
  }
  return parsed.data;
}

/**
 * A list in the flat form `Name.1`, `Name.2`, …, in order of the numbers. A JSON array under the bare name is
 * refused, as the gateway does ("Flat format is required", aliyun-cli issue 626). At most `max` items.
 */
export function flatList(parameters: Parameters, name: string, max: number): readonly string[] {
  return flatItems(parameters, name, max).map((item) => item.get('') ?? '');
}

/** A list of `Name.N.Field`: one map a number, from field to value. The field of `Name.N` itself is empty. */
export function flatItems(parameters: Parameters, name: string, max: number): readonly ReadonlyMap<string, string>[] {
  if ((parameters[name] ?? '') !== '') {
    throw kmsRefusal('InvalidParameter', 'Illegal parameter serialization format. Flat format is required.');
  }
  const items = new Map<number, Map<string, string>>();
  for (const [parameter, value] of Object.entries(parameters)) {
    if (!parameter.startsWith(`${name}.`)) {
      continue;
    }
    const [, number, field = ''] = /^(\d{1,4})(?:\.(\w+))?$/.exec(parameter.slice(name.length + 1)) ?? [];
    if (number === undefined || Number(number) < 1) {
      throw invalidParameter(parameter);
    }
    const item = items.get(Number(number)) ?? new Map<string, string>();
    items.set(Number(number), item.set(field, value));
  }
  if (items.size > max) {
    throw invalidParameter(name);
  }
  return [...items.entries()].sort(([left], [right]) => left - right).map(([, item]) => item);
}
