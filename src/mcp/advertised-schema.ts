import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import type { Tool } from './tool.js';

/** JSON Schemas of one tool, as `advertised.json` keeps them. */
export interface Advertised {
  readonly input: Record<string, unknown>;
  readonly output: Record<string, unknown>;
}

/**
 * An input schema for hosts. It lets every argument through, because the tool itself parses leniently and words its
 * own errors.
 */
export function advertisedInput({ input }: Advertised): StandardSchemaWithJSON<unknown, unknown> {
  return standardSchema(input, (value) => ({ value }));
}

/** An output schema for hosts; results are checked against it. */
export function advertisedOutput({ output }: Advertised, tool: Tool): StandardSchemaWithJSON<unknown, unknown> {
  return standardSchema(output, (value) => {
    const parsed = tool.output().safeParse(value);
    return parsed.success ? { value } : { issues: parsed.error.issues.map(({ message }) => ({ message })) };
  });
}

function standardSchema(
  json: Record<string, unknown>,
  validate: StandardSchemaWithJSON<unknown, unknown>['~standard']['validate'],
): StandardSchemaWithJSON<unknown, unknown> {
  const advertise = (): Record<string, unknown> => json;
  return {
    '~standard': { version: 1, vendor: 'zod', validate, jsonSchema: { input: advertise, output: advertise } },
  };
}
