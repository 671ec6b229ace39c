import { createRequire } from 'node:module';
import * as z from 'zod';
import type { Emulator } from '../../emulator/index.js';

/** What a client has to know of an endpoint. */
export type Target = Pick<Emulator, 'endpoint' | 'accessKeyId' | 'accessKeySecret' | 'regionId'>;

/** Credentials other than the emulator's own. */
export interface Overrides {
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly securityToken?: string;
}

/** What every client is reduced to: an action with its parameters, and what the client makes of the reply. */
export type Call = (action: string, parameters: Readonly<Record<string, string>>) => Promise<unknown>;

// The clients are CommonJS whose declarations do not hold under strict settings; what is used of them is said here.
const load = createRequire(import.meta.url);
type Constructor = new (map: object) => object;
const classLike = z.custom<Constructor>((value) => typeof value === 'function');
const method = z.custom<(...values: readonly unknown[]) => Promise<unknown>>((value) => typeof value === 'function');
const classes = z.custom<Readonly<Record<string, unknown>>>((value) => value !== null && value !== undefined);

function construct(module: Readonly<Record<string, unknown>>, name: string, map: object): object {
  return new (classLike.parse(module[name]))(map);
}

function invoke(client: object, name: string, ...values: readonly unknown[]): Promise<unknown> {
  return method.parse(Reflect.get(client, name)).apply(client, [...values]);
}

function credentials({ accessKeyId, accessKeySecret }: Target, overrides: Overrides) {
  return { accessKeyId, accessKeySecret, ...overrides };
}

/** `@alicloud/pop-core`: HMAC-SHA1, everything in the URL of a GET, or in the form of a POST. */
export function popCore(emulator: Target, verb: 'GET' | 'POST', overrides: Overrides = {}): Call {
  const client = new (classLike.parse(load('@alicloud/pop-core')))({
    endpoint: emulator.endpoint,
    apiVersion: '2016-01-20',
    ...credentials(emulator, overrides),
  });
  return (action, parameters) => invoke(client, 'request', action, parameters, { method: verb });
}

/** `@alicloud/kms20160120`: HMAC-SHA1, everything in the URL of a POST. Names are camelCase on its side. */
export function kmsSdk(emulator: Target, overrides: Overrides = {}): Call {
  const module = classes.parse(load('@alicloud/kms20160120'));
  const client = construct(module, 'default', {
    endpoint: new URL(emulator.endpoint).host,
    protocol: 'http',
    regionId: emulator.regionId,
    ...credentials(emulator, overrides),
  });
  return (action, parameters) => {
    const entries = Object.entries(parameters).map(([name, value]) => [lowerFirst(name), value]);
    const request = construct(module, `${action}Request`, Object.fromEntries(entries));
    return invoke(client, lowerFirst(action), request);
  };
}

/** `@alicloud/openapi-client`: ACS3-HMAC-SHA256, everything in the URL of a POST. */
export function openApiClient(emulator: Target, overrides: Overrides = {}): Call {
  const module = classes.parse(load('@alicloud/openapi-client'));
  const client = construct(
    module,
    'default',
    construct(module, 'Config', {
      endpoint: new URL(emulator.endpoint).host,
      protocol: 'HTTP',
      ...credentials(emulator, overrides),
    }),
  );
  return async (action, parameters) => {
    const params = construct(module, 'Params', {
      action,
      version: '2016-01-20',
      protocol: 'HTTP',
      pathname: '/',
      method: 'POST',
      authType: 'AK',
      style: 'RPC',
      reqBodyType: 'formData',
      bodyType: 'json',
    });
    const request = construct(module, 'OpenApiRequest', { query: parameters });
    const reply = await invoke(client, 'callApi', params, request, {});
    return z.object({ body: z.unknown() }).parse(reply).body;
  };
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
