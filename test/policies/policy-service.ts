import type { IncomingMessage } from 'node:http';
import { kmsPolicies } from '../../src/aliyun/kms/policy-client.js';
import { RAM, RESOURCE_MANAGER } from '../../src/aliyun/ram/endpoints.js';
import { ramClient } from '../../src/aliyun/ram/ram-client.js';
import { resourceManagerClient } from '../../src/aliyun/ram/resource-manager-client.js';
import { type PolicyReaderOptions, policyReader } from '../../src/policies/policy-reader.js';
import { testClient, transportForOneTest } from '../rpc/test-client.js';
import { httpServer } from '../support/upstream.js';

export interface ServedPolicy {
  PolicyName: string;
  PolicyDocument: string;
  DefaultVersion?: string;
  UpdateDate?: string;
  AttachmentCount?: number;
  Users?: readonly string[];
  Groups?: readonly string[];
  Roles?: readonly string[];
  /** Grants in the resource group rg-1. */
  InGroup?: readonly string[];
}

/** What an account has; may be changed between calls. */
export interface ServedAccount {
  policies: ServedPolicy[];
  instances: string[];
  /** Ids of keys and names of secrets in instances, with their policies. */
  keys: Record<string, string>;
  secrets: Record<string, string>;
  /** Largest page of ListPolicies. */
  pageSize: number;
  /** The answer to an action in place of its own: an error, or how long it waits. `nth` counts its calls from 1. */
  answer: (
    action: string,
    nth: number,
    parameters: URLSearchParams,
  ) => { code: string; status: number } | { delayMs: number } | undefined;
}

/** RAM, Resource Management and KMS on one HTTP endpoint, in the shapes of their pages. Signatures are not checked. */
export async function policyService(account: Partial<ServedAccount> = {}) {
  const served: ServedAccount = {
    policies: [],
    instances: [],
    keys: {},
    secrets: {},
    pageSize: 1_000,
    answer: () => undefined,
    ...account,
  };
  const requests: string[] = [];
  const { origin } = await httpServer(async (request, response) => {
    const { action, parameters } = read(request);
    requests.push(action);
    const special = served.answer(action, requests.filter((one) => one === action).length, parameters);
    if (special !== undefined && 'delayMs' in special)
      await new Promise((resolve) => setTimeout(resolve, special.delayMs));
    const refusal = special !== undefined && 'code' in special ? special : undefined;
    const { status, body } =
      refusal === undefined ? reply(served, action, parameters) : error(refusal.status, refusal.code);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ RequestId: '04F0F334-1335-436C-A1D7-6C044FE73368', ...body }));
  });
  const transport = transportForOneTest();
  const clients = {
    ram: ramClient(testClient(origin, { transport, version: RAM.version })),
    resourceManager: resourceManagerClient(testClient(origin, { transport, version: RESOURCE_MANAGER.version })),
    kms: () => kmsPolicies(testClient(origin, { transport })),
  };
  return {
    served,
    /** Actions in the order of arrival. */
    requests,
    clients,
    /** A reader whose second tries come at once. */
    reader: (options: Partial<PolicyReaderOptions> = {}) =>
      policyReader({ ...clients, sleep: async () => undefined, ...options }),
    countOf: (action: string) => requests.filter((one) => one === action).length,
  };
}

function read(request: IncomingMessage): { readonly action: string; readonly parameters: URLSearchParams } {
  const parameters = new URL(request.url ?? '/', 'http://localhost').searchParams;
  return { action: String(request.headers['x-acs-action']), parameters };
}

function error(status: number, Code: string) {
  return { status, body: { Code, Message: 'You are not authorized to do this action.', HostId: 'ram.aliyuncs.com' } };
}

function reply(served: ServedAccount, action: string, parameters: URLSearchParams) {
  const ok = (body: object) => ({ status: 200, body });
  const policy = served.policies.find(({ PolicyName }) => PolicyName === parameters.get('PolicyName'));
  const page = (names: readonly string[]) => {
    const [number, size] = [Number(parameters.get('PageNumber')), Number(parameters.get('PageSize'))];
    return {
      rows: names.slice((number - 1) * size, number * size),
      TotalCount: names.length,
      PageNumber: number,
      PageSize: size,
    };
  };
  switch (action) {
    case 'ListPolicies': {
      const from = Number(parameters.get('Marker') ?? 0);
      const to = from + Math.min(served.pageSize, Number(parameters.get('MaxItems')));
      const rows = served.policies.slice(from, to).map((one) => ({
        PolicyName: one.PolicyName,
        PolicyType: 'Custom',
        Description: '',
        DefaultVersion: one.DefaultVersion ?? 'v1',
        CreateDate: '2026-01-01T00:00:00Z',
        UpdateDate: one.UpdateDate ?? '2026-01-01T00:00:00Z',
        AttachmentCount: one.AttachmentCount ?? 1,
      }));
      const more = to < served.policies.length;
      return ok({ Policies: { Policy: rows }, IsTruncated: more, ...(more ? { Marker: String(to) } : {}) });
    }
    case 'GetPolicy':
      if (policy === undefined) return error(404, 'EntityNotExist.Policy');
      return ok({
        Policy: { PolicyName: policy.PolicyName, PolicyType: 'Custom', AttachmentCount: 1 },
        DefaultPolicyVersion: { VersionId: 'v1', IsDefaultVersion: true, PolicyDocument: policy.PolicyDocument },
      });
    case 'ListEntitiesForPolicy':
      return ok({
        Users: { User: (policy?.Users ?? []).map((UserName) => ({ UserName, UserId: '1', DisplayName: '' })) },
        Groups: { Group: (policy?.Groups ?? []).map((GroupName) => ({ GroupName, Comments: '' })) },
        Roles: { Role: (policy?.Roles ?? []).map((RoleName) => ({ RoleName, RoleId: '1', Arn: '' })) },
      });
    case 'ListPolicyAttachments': {
      const { rows, ...counts } = page(policy?.InGroup ?? []);
      const attachments = rows.map((PrincipalName) => ({
        PrincipalName,
        PrincipalType: 'IMSUser',
        ResourceGroupId: 'rg-1',
      }));
      const everywhere = {
        PrincipalName: 'a@b.onaliyun.com',
        PrincipalType: 'IMSUser',
        ResourceGroupId: '1234567890123456',
      };
      return ok({ PolicyAttachments: { PolicyAttachment: [everywhere, ...attachments] }, ...counts });
    }
    case 'ListKmsInstances': {
      const { rows, ...counts } = page(served.instances);
      return ok({
        KmsInstances: { KmsInstance: rows.map((KmsInstanceId) => ({ KmsInstanceId, KmsInstanceArn: '' })) },
        ...counts,
      });
    }
    case 'ListKeys': {
      const { rows, ...counts } = page(Object.keys(served.keys));
      return ok({ Keys: { Key: rows.map((KeyId) => ({ KeyId, KeyArn: '' })) }, ...counts });
    }
    case 'ListSecrets': {
      const { rows, ...counts } = page(Object.keys(served.secrets));
      return ok({
        SecretList: { Secret: rows.map((SecretName) => ({ SecretName, SecretType: 'Generic' })) },
        ...counts,
      });
    }
    case 'GetKeyPolicy': {
      const text = served.keys[parameters.get('KeyId') ?? ''];
      return text === undefined ? error(400, 'Forbidden.KeyPolicyUnSupported') : ok({ Policy: text });
    }
    case 'GetSecretPolicy': {
      const text = served.secrets[parameters.get('SecretName') ?? ''];
      return text === undefined ? error(404, 'Forbidden.ResourceNotFound') : ok({ Policy: text });
    }
    default:
      return error(404, 'InvalidAction.NotFound');
  }
}
