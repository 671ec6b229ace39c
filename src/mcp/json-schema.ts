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
      { input: jsonSchema(tool.input(), 'input'), output: jsonSchema(tool.output(), 'output') },
    ]),
  );
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
    // Gemini takes no defaults; the descriptions say them.
    if (name === 'default' && typeof value !== 'object') continue;
    // Unknown fields in a result are no error: a newer server may say more.
    if (name === 'additionalProperties' && io === 'output') continue;
    kept[name] = typeof value === 'object' && value !== null && !Array.isArray(value) ? strip(value, io) : value;
  }
  return kept;
}
