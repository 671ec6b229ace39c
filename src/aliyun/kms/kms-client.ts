import type * as z from 'zod';
import type { CallOptions, RpcClient, RpcRequest } from '../../rpc/rpc-client.js';
import { RpcError } from '../../rpc/rpc-error.js';
import { MAX_PAGE_SIZE } from './limits.js';
import * as replies from './replies.js';
import type { Tags } from './tag-record.js';

/** API version that every operation here belongs to. */
export const KMS_VERSION = '2016-01-20';

export type ResourceType = 'key' | 'secret' | 'certificate';
/** The bulk operations and the lists know no certificates. */
export type BulkResourceType = Exclude<ResourceType, 'certificate'>;

/** What a single tag operation acts on. */
export interface Target {
  readonly type: ResourceType;
  /** Key ID, alias or ARN; secret name or ARN; certificate ID. */
  readonly id: string;
}

export interface Done {
  readonly requestId: string;
}

export interface Page<Row> extends Done {
  readonly rows: readonly Row[];
  /** Over all pages. */
  readonly totalCount: number;
}

export interface PageRequest {
  /** From 1. */
  readonly pageNumber: number;
  /** Up to `MAX_PAGE_SIZE`. */
  readonly pageSize: number;
}

export interface SecretRow {
  readonly name: string;
  readonly pendingDeletion: boolean;
  readonly tags: Tags;
}

export interface TagRow {
  readonly resourceId: string;
  readonly key: string;
  readonly value: string;
}

/** A filter of ListTagResources: resources that carry the key, with that value if one is given. */
export interface TagFilter {
  readonly key: string;
  readonly value?: string | undefined;
}

/** KMS of one region. Every method rejects with `RpcError` or `CredentialsError`. */
export interface Kms {
  /** Removes tags; keys that are not there are no error. One request. */
  untagResource(target: Target, tagKeys: readonly string[], options?: CallOptions): Promise<Done>;
  /** Sets up to ten tags; a key that is there gets the new value. One request. */
  tagResource(target: Target, tags: Tags, options?: CallOptions): Promise<Done>;
  /** Tags of a key, a secret (DescribeSecret) or a certificate (DescribeCertificate, gone for newer accounts). */
  readTags(target: Target, options?: CallOptions): Promise<Done & { readonly tags: Tags }>;
  /** A key by ID, alias or ARN. `keyId` is the real ID in each case. */
  describeKey(
    keyId: string,
    options?: CallOptions,
  ): Promise<Done & { readonly keyId: string; readonly arn: string; readonly state: string }>;
  describeSecret(secretName: string, options?: CallOptions): Promise<Done & { readonly pendingDeletion: boolean }>;
  describeRegions(options?: CallOptions): Promise<Done & { readonly regionIds: readonly string[] }>;
  /** Key IDs, of one state if one is given: the list itself does not say the state. */
  listKeys(page: PageRequest, state: string | undefined, options?: CallOptions): Promise<Page<string>>;
  listAliases(
    page: PageRequest,
    options?: CallOptions,
  ): Promise<Page<{ readonly alias: string; readonly keyId: string }>>;
  /** The first page of a key's aliases. */
  listAliasesByKeyId(keyId: string, options?: CallOptions): Promise<Done & { readonly aliases: readonly string[] }>;
  listSecrets(page: PageRequest, options?: CallOptions): Promise<Page<SecretRow>>;
  /** A page of up to 200 tags. `nextToken` is undefined on the last one. */
  listTagResources(
    query: {
      readonly type: BulkResourceType;
      readonly ids?: readonly string[];
      readonly filter?: TagFilter | undefined;
      readonly nextToken?: string | undefined;
    },
    options?: CallOptions,
  ): Promise<Done & { readonly rows: readonly TagRow[]; readonly nextToken: string | undefined }>;
  /** Removes up to 20 tag keys from up to 50 resources. */
  untagResources(
    type: BulkResourceType,
    ids: readonly string[],
    tagKeys: readonly string[],
    options?: CallOptions,
  ): Promise<Done>;
  /** Sets up to 20 tags on up to 50 resources. */
  tagResources(type: BulkResourceType, ids: readonly string[], tags: Tags, options?: CallOptions): Promise<Done>;
}

/** An answer that is a success and cannot be used: its request only read. */
export function unreadableReply(reason: string): RpcError {
  return new RpcError({ kind: 'unreadable', host: 'KMS', reason, httpStatus: 200 }, 'none', 1);
}

/** Typed operations over a signed RPC client for one region. */
export function kmsClient(rpc: RpcClient, regionId: string): Kms {
  /** The request with what a RAM policy must allow for it: on one resource where it names one, else on all of a type. */
  const permitted = (request: RpcRequest): RpcRequest => ({
    ...request,
    permission: { action: `kms:${request.action}`, resource: `acs:kms:${regionId}:*:${resourceOf(request)}` },
  });
  async function read<Schema extends z.ZodType>(request: RpcRequest, schema: Schema, options?: CallOptions) {
    const { body, requestId } = await rpc.call(permitted(request), options);
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      throw unreadableReply(`an answer to ${request.action} in an unknown form`);
    }
    return { requestId, value: parsed.data };
  }
  const write = async (request: RpcRequest, options?: CallOptions): Promise<Done> => {
    const { requestId } = await rpc.call(permitted(request), options);
    return { requestId };
  };
  const bulk = (type: BulkResourceType, ids: readonly string[] = []) => ({
    RegionId: regionId,
    ResourceType: type,
    ...flatten('ResourceId', ids),
  });

  return {
    untagResource: (target, tagKeys, options) =>
      write(
        { action: 'UntagResource', parameters: { ...targetParameter(target), TagKeys: JSON.stringify(tagKeys) } },
        options,
      ),

    tagResource(target, tags, options) {
      const list = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
      const parameters = { ...targetParameter(target), Tags: JSON.stringify(list) };
      return write({ action: 'TagResource', parameters }, options);
    },

    async readTags(target, options) {
      const { action, parameters, schema } = tagReading(target);
      const { requestId, value } = await read({ action, parameters }, schema, options);
      return { requestId, tags: value.Tags };
    },

    async describeKey(keyId, options) {
      const request = { action: 'DescribeKey', parameters: { KeyId: keyId } };
      const { requestId, value } = await read(request, replies.keyReply, options);
      const { KeyId, Arn, KeyState } = value.KeyMetadata;
      return { requestId, keyId: KeyId, arn: Arn, state: KeyState };
    },

    async describeSecret(secretName, options) {
      const request = { action: 'DescribeSecret', parameters: { SecretName: secretName } };
      const { requestId, value } = await read(request, replies.secretReply, options);
      return { requestId, pendingDeletion: value.PlannedDeleteTime !== '' };
    },

    async describeRegions(options) {
      const request = { action: 'DescribeRegions', parameters: {} };
      const { requestId, value } = await read(request, replies.regionsReply, options);
      return { requestId, regionIds: value.Regions.map((region) => region.RegionId) };
    },

    async listKeys(page, state, options) {
      const filter = state === undefined ? {} : { Filters: JSON.stringify([{ Key: 'KeyState', Values: [state] }]) };
      const request = { action: 'ListKeys', parameters: { ...pageParameters(page), ...filter } };
      const { requestId, value } = await read(request, replies.keysReply, options);
      return { requestId, totalCount: value.TotalCount, rows: value.Keys.map((key) => key.KeyId) };
    },

    async listAliases(page, options) {
      const request = { action: 'ListAliases', parameters: pageParameters(page) };
      const { requestId, value } = await read(request, replies.aliasesReply, options);
      const rows = value.Aliases.map((alias) => ({ alias: alias.AliasName, keyId: alias.KeyId }));
      return { requestId, totalCount: value.TotalCount, rows };
    },

    async listAliasesByKeyId(keyId, options) {
      const parameters = { KeyId: keyId, ...pageParameters({ pageNumber: 1, pageSize: MAX_PAGE_SIZE }) };
      const { requestId, value } = await read(
        { action: 'ListAliasesByKeyId', parameters },
        replies.aliasesReply,
        options,
      );
      return { requestId, aliases: value.Aliases.map((alias) => alias.AliasName) };
    },

    async listSecrets(page, options) {
      const request = { action: 'ListSecrets', parameters: { ...pageParameters(page), FetchTags: 'true' } };
      const { requestId, value } = await read(request, replies.secretsReply, options);
      const rows = value.SecretList.map((secret) => ({
        name: secret.SecretName,
        pendingDeletion: secret.PlannedDeleteTime !== '',
        tags: secret.Tags,
      }));
      return { requestId, totalCount: value.TotalCount, rows };
    },

    async listTagResources({ type, ids, filter, nextToken }, options) {
      const parameters = {
        ...bulk(type, ids),
        ...(filter ? { 'Tag.1.Key': filter.key } : {}),
        ...(filter?.value === undefined ? {} : { 'Tag.1.Value': filter.value }),
        ...(nextToken === undefined ? {} : { NextToken: nextToken }),
      };
      const { requestId, value } = await read(
        { action: 'ListTagResources', parameters },
        replies.tagResourcesReply,
        options,
      );
      const rows = value.TagResources.map((row) => ({
        resourceId: row.ResourceId,
        key: row.TagKey,
        value: row.TagValue,
      }));
      return { requestId, rows, nextToken: value.NextToken === '' ? undefined : value.NextToken };
    },

    untagResources: (type, ids, tagKeys, options) =>
      write({ action: 'UntagResources', parameters: { ...bulk(type, ids), ...flatten('TagKey', tagKeys) } }, options),

    tagResources(type, ids, tags, options) {
      const entries = Object.entries(tags);
      const parameters = {
        ...bulk(type, ids),
        ...Object.fromEntries(entries.map(([key], index) => [`Tag.${index + 1}.Key`, key])),
        ...Object.fromEntries(entries.map(([, value], index) => [`Tag.${index + 1}.Value`, value])),
      };
      return write({ action: 'TagResources', parameters }, options);
    },
  };
}

/** Source: the RAM table of KMS; that the bulk operations go by the same names is a guess. */
function resourceOf({ action, parameters }: RpcRequest): string {
  const { KeyId, SecretName, CertificateId, ResourceType } = parameters;
  if (KeyId !== undefined) return KeyId.startsWith('acs:') || KeyId.startsWith('alias/') ? 'key/*' : `key/${KeyId}`;
  if (SecretName !== undefined) return SecretName.startsWith('acs:') ? 'secret/*' : `secret/${SecretName}`;
  if (CertificateId !== undefined) return `certificate/${CertificateId}`;
  if (ResourceType !== undefined) return `${ResourceType}/*`;
  return LISTED[action] ?? '*';
}

const LISTED: Readonly<Record<string, string>> = { ListKeys: 'key', ListAliases: 'alias', ListSecrets: 'secret' };

function targetParameter({ type, id }: Target): Record<string, string> {
  switch (type) {
    case 'key':
      return { KeyId: id };
    case 'secret':
      return { SecretName: id };
    case 'certificate':
      return { CertificateId: id };
  }
}

function tagReading(target: Target) {
  const parameters = targetParameter(target);
  switch (target.type) {
    case 'key':
      return { action: 'ListResourceTags', parameters, schema: replies.resourceTagsReply };
    case 'secret':
      return {
        action: 'DescribeSecret',
        parameters: { ...parameters, FetchTags: 'true' },
        schema: replies.secretReply,
      };
    case 'certificate':
      return { action: 'DescribeCertificate', parameters, schema: replies.certificateReply };
  }
}

function pageParameters({ pageNumber, pageSize }: PageRequest): Record<string, string> {
  return { PageNumber: String(pageNumber), PageSize: String(pageSize) };
}

/** A list as the gateway wants it: `ResourceId.1`, `ResourceId.2`, … A JSON array is refused there. */
function flatten(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [`${name}.${index + 1}`, value]));
}
