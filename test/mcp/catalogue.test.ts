import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { TOOLS } from '../../src/mcp/tools/index.js';
import { ERAS } from '../support/reply.js';
import { openSession } from '../support/session.js';

const NAMES = [
  'untag_resource',
  'tag_resource',
  'list_resource_tags',
  'find_resources',
  'summarize_tags',
  'plan_change',
  'apply_plan',
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

/** What an optional parameter says of its absence; the three targets say that one is needed. */
const SAYS_WITHOUT = /Without it: |One target\.|Give this or /;
const described = z.object({ description: z.string().optional() });

/** Fields of results, as the contract lists them: `Resources[].Tags`. */
const RELIED_ON = {
  untag_resource: 'RequestId RegionId RemovedTags[].TagKey RemovedTags[].TagValue AbsentTagKeys ChangeId',
  tag_resource: 'RequestId RegionId Tags[].TagKey OverwrittenTags[].TagValue ChangeId',
  list_resource_tags: 'Tags[].TagKey Tags[].TagValue Tags[].Protected RequestId RegionId',
  find_resources:
    'Resources[].ResourceId Resources[].Name Resources[].State Resources[].RegionId Resources[].Tags[].TagKey ' +
    'FirstRow LastRow Matching Total UnreadRegions[].RegionId UnreadRegions[].Why NextToken',
  summarize_tags:
    'ResourceTypes[].ResourceType ResourceTypes[].Resources ResourceTypes[].Untagged ResourceTypes[].TagKeys[].TagKey ' +
    'ResourceTypes[].TagKeys[].Resources ResourceTypes[].TagKeys[].Missing ResourceTypes[].TagKeys[].OtherValues ' +
    'ResourceTypes[].TagKeys[].Values[].TagValue ResourceTypes[].TagKeys[].Values[].Resources ' +
    'LooksAlike[].ResourceType LooksAlike[].TagKey LooksAlike[].A LooksAlike[].B LooksAlike[].ResourcesA ' +
    'LooksAlike[].ResourcesB UnreadRegions[].RegionId',
  plan_change:
    'Change PlanId ExpiresAt Selected Concerned Rows[].ResourceId Rows[].Name Rows[].State Rows[].RegionId ' +
    'Rows[].Tags[].TagKey Rows[].Tags[].Before Rows[].Tags[].After Values[].TagKey Values[].Before Values[].After ' +
    'Values[].Resources LeftOut[].ResourceId LeftOut[].TagKey LeftOut[].Why NearMisses[].ResourceId ' +
    'NearMisses[].TagKey NearMisses[].TagValue NotRestorable Requests ExpectedSeconds UnreadRegions[].Why',
  apply_plan:
    'Status Changed ChangedSincePlan Failed Unknown NotAttempted Verified Unverified Failures[].ResourceId ' +
    'Failures[].Code ChangeId PlanId Change',
  list_changes:
    'Changes[].ChangeId Changes[].Time Changes[].Tool Changes[].Change Changes[].State Changes[].Resources ' +
    'Changes[].AccountId Changes[].Undoes Changes[].Subject Items[].ResourceId Items[].RegionId Items[].TagKey ' +
    'Items[].Before Items[].After NextToken',
  undo_change: 'Status Restored Unchanged Skipped Failed Unknown NotAttempted Verified Unverified Details ChangeId',
} as const;

/** Every field of a schema by its path, and every list as such. */
function fieldsOf(schema: unknown, path = ''): string[] {
  const { properties, items } = z
    .object({ properties: z.record(z.string(), z.unknown()).optional(), items: z.unknown().optional() })
    .parse(schema);
  if (items !== undefined) return [path, ...fieldsOf(items, `${path}[]`)];
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([name, value]) => fieldsOf(value, path === '' ? name : `${path}.${name}`));
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
      summarize_tags: 'true false true true',
      plan_change: 'true false true true',
      apply_plan: 'false true true true',
      list_changes: 'true false true false',
      undo_change: 'false true true true',
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
      for (const list of ['TagKeys', 'RemoveTagKeys', 'ResourceIds']) {
        if (!(list in properties)) continue;
        expect(properties[list]).toMatchObject({ type: 'array', items: { type: 'string' } });
      }
      // These act where the change or the plan is.
      if (['list_changes', 'undo_change', 'apply_plan'].includes(name)) continue;
      expect(properties['RegionId']).toMatchObject({ type: 'string' });
      expect(required).not.toContain('RegionId');
    }
  });

  it('describes every parameter, and says of each optional one what happens without it', async () => {
    const { tools } = await openSession({ era });
    const silent: string[] = [];
    for (const { name, inputSchema } of await tools()) {
      const { properties = {}, required = [] } = inputSchema;
      for (const [parameter, schema] of Object.entries(properties)) {
        const { description = '' } = described.parse(schema);
        const isOptional = !required.includes(parameter);
        if (description.length < 10 || (isOptional && !SAYS_WITHOUT.test(description))) {
          silent.push(`${name}.${parameter}: ${description}`);
        }
      }
    }
    expect(silent).toEqual([]);
  });

  it('has Message in every result, first and required', async () => {
    const { tools } = await openSession({ era });
    for (const { outputSchema } of await tools()) {
      expect(Object.keys(outputSchema?.['properties'] ?? {})[0]).toBe('Message');
      expect(outputSchema?.['required']).toContain('Message');
    }
  });

  it('has every result field that scripts rely on', async () => {
    const { tools } = await openSession({ era });
    const fields = new Map((await tools()).map(({ name, outputSchema }) => [name, fieldsOf(outputSchema)]));
    const missing = Object.entries(RELIED_ON).flatMap(([name, wanted]) =>
      wanted
        .split(' ')
        .filter((field) => !fields.get(name)?.includes(field))
        .map((field) => `${name}: ${field}`),
    );
    expect(missing).toEqual([]);
  });

  it('costs at most 3,400 tokens, and untag_resource at most 450', async () => {
    const { tools } = await openSession({ era });
    const cost = new Map((await tools()).map((tool) => [tool.name, encode(JSON.stringify(tool)).length]));
    const total = [...cost.values()].reduce((sum, tokens) => sum + tokens, 0);
    expect(total).toBeLessThanOrEqual(3_400);
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
