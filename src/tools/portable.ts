import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import * as z from 'zod';

/**
 * An input schema for hosts: advertises plain JSON Schema that every host and model API takes, and lets every argument
 * through, because the tool itself parses leniently and words its own errors.
 */
export function advertisedInput(schema: z.ZodType): StandardSchemaWithJSON<unknown, unknown> {
  return standardSchema(schema, 'input', (value) => ({ value }));
}

/** An output schema for hosts; results are checked against it. */
export function advertisedOutput(schema: z.ZodType): StandardSchemaWithJSON<unknown, unknown> {
  return standardSchema(schema, 'output', (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value } : { issues: parsed.error.issues.map(({ message }) => ({ message })) };
  });
}

function standardSchema(
  schema: z.ZodType,
  io: 'input' | 'output',
  validate: StandardSchemaWithJSON<unknown, unknown>['~standard']['validate'],
): StandardSchemaWithJSON<unknown, unknown> {
  let json: Record<string, unknown> | undefined;
  const advertised = (): Record<string, unknown> => {
    json ??= jsonSchema(schema, io);
    return json;
  };
  return {
    '~standard': { version: 1, vendor: 'zod', validate, jsonSchema: { input: advertised, output: advertised } },
  };
}

/** JSON Schema in the subset that all known hosts and model APIs take; `test/tools/catalogue.test.ts` lists the rules. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const made: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io })));
  const { $schema, ...rest } = strip(made, io);
  return rest;
}

/** Drops what some host chokes on or what only costs tokens. */
function strip(node: unknown, io: 'input' | 'output'): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node ?? {})) {
    // zod's safe-integer bounds say nothing.
    if (typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER) continue;
    // Unknown fields in a result are no error: a newer server may say more.
    if (name === 'additionalProperties' && io === 'output') continue;
    kept[name] = typeof value === 'object' && value !== null && !Array.isArray(value) ? strip(value, io) : value;
  }
  return kept;
}
