import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CredentialSource } from '../../src/credentials/credentials.js';
import { type CredentialSourceOptions, credentialSource } from '../../src/credentials/source.js';
import { credentialNetwork } from '../../src/rpc/credential-network.js';

/** A home directory of its own for one test. */
export interface TempHome {
  readonly path: string;
  writeCliConfig(content: unknown): Promise<void>;
  writeCredentialsFile(text: string): Promise<void>;
}

/** Makes a home directory that is removed with the test. */
export async function tempHome(): Promise<TempHome> {
  const path = await mkdtemp(join(tmpdir(), 'credentials-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  let writes = 0;
  const write = async (name: string, text: string) => {
    const file = join(path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    // Two writes within one tick of the file system's clock still differ.
    writes += 1;
    await utimes(file, new Date(), new Date(Date.now() + writes * 1000));
  };
  return {
    path,
    writeCliConfig: (content) =>
      write('.aliyun/config.json', typeof content === 'string' ? content : JSON.stringify(content)),
    writeCredentialsFile: (text) => write('.alibabacloud/credentials', text),
  };
}

/** The environment of a machine that is no ECS instance: nothing beyond loopback is asked. */
export function environment(variables: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true', ...variables };
}

/** A CLI configuration with one AccessKey profile, the current one. */
export function keyProfile(id: string, secret: string, name = 'default'): object {
  return { current: name, profiles: [{ name, mode: 'AK', access_key_id: id, access_key_secret: secret }] };
}

/** Serves HTTP on loopback for one test; gives its URL. */
export async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `http://127.0.0.1:${portOf(server.address())}/credentials`;
}

/** The port of a listening server. */
export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** A credentials URI's reply that ends in an hour. */
export function sessionReply(id: string, secret: string, token: string): string {
  const Expiration = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`;
  return JSON.stringify({
    Code: 'Success',
    AccessKeyId: id,
    AccessKeySecret: secret,
    SecurityToken: token,
    Expiration,
  });
}

/** A source as the program makes it, which reaches services as the program does. */
export function openSource(options: Omit<CredentialSourceOptions, 'network'>): CredentialSource {
  const network = credentialNetwork({ env: options.env, userAgent: 'test', signature: 'v3' });
  onTestFinished(() => network.close());
  return credentialSource({ network, ...options });
}
