import type { RequestListener } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { environment, openSource, serve, sessionReply, tempHome } from './temp-home.js';

const METADATA = '100.100.100.200';
const hosts = new Set<unknown>();

/** Puts a server on loopback in the place of the metadata address, which the official package has built in. */
async function serveMetadata(answer: RequestListener): Promise<void> {
  const { port } = new URL(await serve(answer));
  const connect = Socket.prototype.connect;
  const spy = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    // Node.js passes its own normalized list: [[options, callback]].
    const options: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (typeof options === 'object' && options !== null && 'host' in options) {
      hosts.add(options.host);
      if (options.host === METADATA) Object.assign(options, { host: '127.0.0.1', port });
    }
    return Reflect.apply(connect, this, args);
  });
  onTestFinished(() => {
    spy.mockRestore();
  });
}

const ON_ECS = { ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'false' };

describe('the ECS RAM role', () => {
  it('is asked with a metadata token when nothing else is set up', async () => {
    const home = await tempHome();
    await serveMetadata((request, response) => {
      if (request.method === 'PUT') return response.end('metadata-token');
      if (request.headers['x-aliyun-ecs-metadata-token'] !== 'metadata-token') return response.writeHead(403).end();
      return response.end(request.url?.endsWith('/') ? 'role' : sessionReply('ecs-id', 'secret', 'token'));
    });
    const source = openSource({ env: environment(ON_ECS), home: home.path });
    expect(await source.get()).toMatchObject({ accessKeyId: 'ecs-id', source: 'ECS RAM role' });
    expect(hosts).toContain(METADATA);
  });

  it('assumes the role of a profile of mode RamRoleArnWithRoleName, at the STS endpoint that is set', async () => {
    const home = await tempHome();
    const asked: (string | undefined)[] = [];
    await serveMetadata((request, response) => {
      if (request.method === 'PUT') return response.end('metadata-token');
      asked.push(request.url);
      return response.end(sessionReply('ecs-id', 'secret', 'ecs-token'));
    });
    const sts = await serve((request, response) => {
      asked.push(`${request.headers['x-acs-action']} with ${request.headers['x-acs-security-token']}`);
      const Credentials: unknown = JSON.parse(sessionReply('role-id', 'secret', 'token'));
      response.end(JSON.stringify({ RequestId: 'r-1', Credentials }));
    });
    const role = { mode: 'RamRoleArnWithRoleName', ram_role_name: 'instance', ram_role_arn: 'acs:ram::1:role/r' };
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...role }] });
    const source = openSource({ env: environment(), home: home.path, stsEndpoint: new URL(sts).origin });
    expect(await source.get()).toMatchObject({ accessKeyId: 'role-id', source: 'CLI profile "me"' });
    expect(asked).toEqual(['/latest/meta-data/ram/security-credentials/instance', 'AssumeRole with ecs-token']);
  });

  it('costs about a second where nobody answers, and leaves the way to the credentials URI', async () => {
    const home = await tempHome();
    await serveMetadata(() => {});
    const uri = await serve((_, response) => response.end(sessionReply('uri-id', 'secret', 'token')));
    const source = openSource({
      env: environment({ ...ON_ECS, ALIBABA_CLOUD_CREDENTIALS_URI: uri }),
      home: home.path,
    });
    const start = performance.now();
    expect((await source.get()).accessKeyId).toBe('uri-id');
    expect(performance.now() - start).toBeLessThan(1900);
  });

  it('is said to have been asked when nothing was found', async () => {
    const home = await tempHome();
    await serveMetadata((_, response) => response.writeHead(404).end());
    const source = openSource({ env: environment(ON_ECS), home: home.path });
    await expect(source.get()).rejects.toThrow(
      'ECS RAM role: the ECS metadata service gave no credentials of a role; credentials URI: not set',
    );
  });

  it('is not asked when it is switched off, nor when a profile was asked for', async () => {
    const home = await tempHome();
    await serveMetadata((_, response) => response.end('role'));
    hosts.clear();
    await expect(openSource({ env: environment(), home: home.path }).get()).rejects.toThrow('switched off');
    const source = openSource({ env: environment(ON_ECS), home: home.path, profile: 'prod' });
    await expect(source.get()).rejects.toThrow('profile "prod"');
    expect(hosts).not.toContain(METADATA);
  });
});
