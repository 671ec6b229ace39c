import * as z from 'zod';
import type { Place } from './account.js';
import type { GateRequest } from './gate.js';

/** What a request asks of KMS, as far as tags go. */
export interface TagRequest {
  readonly kind: 'write' | 'read' | 'other';
  readonly regionId: string;
  /** Those that it names, or all of their type. */
  readonly places: readonly Place[];
  /** For a write: the wanted value of each key; undefined for absent. */
  readonly wanted: ReadonlyMap<string, string | undefined>;
  /** The same for each repetition of the request, and for no other of its region. */
  readonly name: string;
}

const WRITES = new Set(['UntagResource', 'TagResource', 'UntagResources', 'TagResources']);
const READS = new Set(['ListResourceTags', 'DescribeSecret', 'DescribeCertificate', 'ListTagResources', 'ListSecrets']);
/** New with each attempt. */
const VOLATILE = /^(Signature.*|Timestamp|AccessKeyId|SecurityToken)$/;

export function tagRequestOf(
  { action, parameters }: GateRequest,
  regionId: string,
  placesOfRegion: readonly Place[],
): TagRequest {
  const kind = WRITES.has(action) ? 'write' : READS.has(action) ? 'read' : 'other';
  const fixed = [...parameters].filter(([name]) => !VOLATILE.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind,
    regionId,
    places: kind === 'other' ? [] : placesNamed(action, parameters, placesOfRegion),
    wanted: kind === 'write' ? wantedBy(parameters) : new Map(),
    name: `${action} ${JSON.stringify(fixed)}`,
  };
}

function placesNamed(action: string, parameters: URLSearchParams, places: readonly Place[]): readonly Place[] {
  if (action === 'ListSecrets') return places.filter(({ type }) => type === 'secret');
  const bulkType = parameters.get('ResourceType');
  if (bulkType !== null) {
    const ids = new Set(listed(parameters, 'ResourceId'));
    return places.filter(({ type, id }) => type === bulkType && (ids.size === 0 || ids.has(id)));
  }
  const [type, id] =
    (['key', 'secret', 'certificate'] as const)
      .map((kind) => [kind, parameters.get(PARAMETER[kind])] as const)
      .find(([, value]) => value !== null) ?? [];
  return places.filter((place) => place.type === type && place.id === id?.replace(/^alias\//, ''));
}

export const PARAMETER = { key: 'KeyId', secret: 'SecretName', certificate: 'CertificateId' } as const;

function wantedBy(parameters: URLSearchParams): ReadonlyMap<string, string | undefined> {
  const wanted = new Map<string, string | undefined>();
  for (const key of stringsIn(parameters.get('TagKeys'))) wanted.set(key, undefined);
  for (const key of listed(parameters, 'TagKey')) wanted.set(key, undefined);
  for (const [key, value] of pairsIn(parameters.get('Tags'))) wanted.set(key, value);
  const values = listed(parameters, 'Tag', '.Value');
  for (const [index, key] of listed(parameters, 'Tag', '.Key').entries()) wanted.set(key, values[index]);
  return wanted;
}

function listed(parameters: URLSearchParams, name: string, end = ''): string[] {
  const found: string[] = [];
  for (let number = 1; ; number += 1) {
    const value = parameters.get(`${name}.${number}${end}`);
    if (value === null) return found;
    found.push(value);
  }
}

function stringsIn(json: string | null): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(json ?? '[]'));
}

function pairsIn(json: string | null): readonly (readonly [string, string])[] {
  return tagList.parse(JSON.parse(json ?? '[]')).map(({ TagKey, TagValue }) => [TagKey, TagValue]);
}

const tagList = z.array(z.object({ TagKey: z.string(), TagValue: z.string() }));
