import * as z from 'zod';
import type { Advertised } from './advertised-schema.js';
import { TOOLS } from './tools/index.js';

/**
 * The tools' schemas as JSON Schema, by tool name. Made when the project is built up, not when it starts: the result is
 * `advertised.json`, and `npm run check` fails when it is not what the tools say.
 */
export function advertisedSchemas(): Readonly<Record<string, Advertised>> {
  return Object.fromEntries(
    TOOLS.map((tool) => [
      tool.name,
      { input: inputJsonSchema(tool.input()), output: jsonSchema(tool.output(), 'output') },
    ]),
  );
}

/** As `jsonSchema`; a field that is parsed leniently is required all the same, which zod does not see. */
function inputJsonSchema(schema: z.ZodObject): Record<string, unknown> {
  const { required, ...rest } = jsonSchema(schema, 'input');
  const fields: readonly (readonly [string, z.core.$ZodType])[] = Object.entries(schema.shape);
  const names = fields.filter(([, field]) => !z.safeParse(field, undefined).success).map(([name]) => name);
  return { ...rest, ...(names.length === 0 ? {} : { required: names }), additionalProperties: false };
}

/** JSON Schema in the subset that all known hosts and model APIs take; `test/tools/catalogue.test.ts` lists the rules. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const made: unknown = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io })));
  const { $schema, ...rest } = strip(made, io);
  // The one field that every result has; of the others each is left out where it does not apply.
  return io === 'output' ? { ...rest, required: ['Message'] } : rest;
}

const LIMITS: ReadonlySet<string> = new Set(['minItems', 'maxItems', 'minimum', 'maximum']);

/** Drops what some host chokes on or what only costs tokens. */
function strip(node: unknown, io: 'input' | 'output'): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node ?? {})) {
    // Gemini takes no defaults; the descriptions say them.
    if (name === 'default' && typeof value !== 'object') continue;
    // Unknown fields in a result are no error: a newer server may say more. Those of arguments the tool refuses itself.
    if (name === 'additionalProperties') continue;
    // A sixth of all tokens, for what a script learns from the README: which fields are never left out, which values occur.
    if (io === 'output' && (name === 'required' || name === 'enum')) continue;
    // The tool refuses what is beyond these in its own words.
    if (LIMITS.has(name)) continue;
    kept[name] = typeof value === 'object' && value !== null && !Array.isArray(value) ? strip(value, io) : value;
  }
  return kept;
}
