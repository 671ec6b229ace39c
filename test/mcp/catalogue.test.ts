import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.js';
import { ERAS } from '../support/reply.js';
import { openSession } from '../support/session.js';

const NAMES = [
  'untag_resource',
  'tag_resource',
  'list_resource_tags',
  'find_resources',
  'untag_resources',
  'list_changes',
  'undo_change',
];

/** Keywords that some host or model API refuses, and with them every tool of the server. */
const BANNED = [
  ...['$schema', '$ref', '$defs', '$id', 'definitions', 'oneOf', 'anyOf', 'allOf', 'not', 'if', 'const', 'nullable'],
  ...['format', 'pattern', 'propertyNames', 'patternProperties', 'prefixItems', 'exclusiveMinimum', 'exclusiveMaximum'],
  ...['default', 'uniqueItems', 'multipleOf', 'unevaluatedProperties', 'dependentRequired'],
];

/** What is wrong with a schema, by the rules that all hosts and model APIs can live with. */
function faultsOf(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return [`${path}: is no object`];
  const node = new Map<string, unknown>(Object.entries(schema));
  const type = node.get('type');
  const faults = BANNED.filter((word) => node.has(word)).map((word) => `${path}: has ${word}`);
  if (typeof type !== 'string') faults.push(`${path}: has no single type`);
  if (path.endsWith('Schema') && type !== 'object') faults.push(`${path}: the root is no object`);
  if (type === 'array') faults.push(...faultsOf(node.get('items'), `${path}[]`));
  if (type === 'object') {
    const properties = node.get('properties');
    if (typeof properties !== 'object' || properties === null) return [...faults, `${path}: has no properties`];
    const names = Object.keys(properties);
    faults.push(
      ...names.filter((name) => !/^[A-Za-z0-9_-]{1,64}$/.test(name)).map((name) => `${path}.${name}: bad name`),
    );
    for (const [name, value] of Object.entries(properties)) faults.push(...faultsOf(value, `${path}.${name}`));
    const required = node.get('required') ?? [];
    if (!Array.isArray(required) || required.some((name) => !names.includes(name))) faults.push(`${path}: required`);
    const additional = node.get('additionalProperties');
    if (additional !== undefined && additional !== false) faults.push(`${path}: additionalProperties`);
  }
  for (const bound of ['minimum', 'maximum']) {
    const value = node.get(bound);
    if (typeof value === 'number' && Math.abs(value) > 1_000_000) faults.push(`${path}: ${bound} says nothing`);
  }
  return faults;
}

describe.each(ERAS)('tools/list on the %s era', (era) => {
  it('lists all tools in a stable order', async () => {
    const { tools } = await openSession({ era });
    expect((await tools()).map((tool) => tool.name)).toEqual(NAMES);
  });

  it('keeps to names that every host takes', async () => {
    const { tools } = await openSession({ era });
    for (const { name } of await tools()) {
      expect(name).toMatch(/^[a-z_]{1,40}$/);
      expect(`mcp__alicloud-kms-tags__${name}`.length).toBeLessThanOrEqual(60);
    }
  });

  it('gives each tool a title, a description of sensible length, and all four annotations', async () => {
    const { tools } = await openSession({ era });
    const marks: Record<string, string> = {};
    for (const { name, title = '', description = '', annotations } of await tools()) {
      expect(title.length).toBeGreaterThan(10);
      expect(title.length).toBeLessThan(60);
      expect(description.length).toBeGreaterThan(80);
      expect(description.length).toBeLessThan(500);
      expect(description).not.toMatch(/IMPORTANT|MUST|NEVER|\n/);
      const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations ?? {};
      marks[name] = [readOnlyHint, destructiveHint, idempotentHint, openWorldHint].join(' ');
    }
    expect(marks).toEqual({
      untag_resource: 'false true true true',
      tag_resource: 'false true true true',
      list_resource_tags: 'true false true true',
      find_resources: 'true false true true',
      untag_resources: 'false true true true',
      list_changes: 'true false true false',
      undo_change: 'false false true true',
    });
  });

  it('names only tools that exist', async () => {
    const { tools } = await openSession({ era });
    for (const { description = '' } of await tools()) {
      const named = [...description.matchAll(/[a-z]+_[a-z_]+/g)].map(([name]) => name);
      expect(NAMES).toEqual(expect.arrayContaining(named));
    }
  });

  it('advertises schemas that every host and model API takes', async () => {
    const { tools } = await openSession({ era });
    const faults = (await tools()).flatMap(({ name, inputSchema, outputSchema }) => [
      ...faultsOf(inputSchema, `${name}.inputSchema`),
      ...faultsOf(outputSchema, `${name}.outputSchema`),
      ...('additionalProperties' in inputSchema ? [] : [`${name}: takes what it does not know`]),
    ]);
    expect(faults).toEqual([]);
  });

  it('advertises lists as plain arrays of strings, and takes RegionId as an optional string', async () => {
    const { tools } = await openSession({ era });
    for (const { name, inputSchema } of await tools()) {
      const { properties = {}, required = [] } = inputSchema;
      if ('TagKeys' in properties) {
        expect(properties['TagKeys']).toMatchObject({ type: 'array', items: { type: 'string' } });
      }
      if (name.startsWith('list_changes') || name === 'undo_change') continue;
      expect(properties['RegionId']).toMatchObject({ type: 'string' });
      expect(required).not.toContain('RegionId');
    }
  });

  it('costs at most 2,800 tokens, and untag_resource at most 450', async () => {
    const { tools } = await openSession({ era });
    const cost = new Map((await tools()).map((tool) => [tool.name, encode(JSON.stringify(tool)).length]));
    const total = [...cost.values()].reduce((sum, tokens) => sum + tokens, 0);
    expect(total).toBeLessThanOrEqual(2_800);
    expect(cost.get('untag_resource')).toBeLessThanOrEqual(450);
  });
});

it('shows the same tools on both eras', async () => {
  const [legacy, modern] = await Promise.all([openSession({ era: 'legacy' }), openSession({ era: 'modern' })]);
  expect(await modern.tools()).toEqual(await legacy.tools());
});

it('finds what is wrong with a schema', () => {
  const bad = {
    type: 'object',
    properties: {
      a: { type: ['string', 'null'] },
      b: {},
      c: true,
      d: { type: 'array' },
      e: { anyOf: [{ type: 'string' }] },
      f: { type: 'string', format: 'uri' },
      'g h': { type: 'integer', exclusiveMinimum: 0 },
    },
    additionalProperties: {},
  };
  expect(faultsOf(bad, 'x.inputSchema')).toHaveLength(10);
  expect(faultsOf({ type: 'array', items: { type: 'string' } }, 'x.outputSchema')).toHaveLength(1);
});

it.each(TOOLS.map((tool) => ({ name: tool.name, tool })))('shows a right call of $name in its errors', ({ tool }) => {
  const parsed = tool.input().safeParse(JSON.parse(tool.example));
  expect(parsed.error?.issues ?? []).toEqual([]);
});
