import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { staticCredentials } from '../../src/credentials/source.js';
import { environment, keyProfile, openSource, serve, sessionReply, tempHome } from './temp-home.js';

describe('the credential source', () => {
  it('answers every caller of a concurrent first use', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('id', 'secret'));
    const source = openSource({ env: environment(), home: home.path });
    const all = await Promise.all(Array.from({ length: 20 }, () => source.get()));
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['id']));
  });

  it('resolves once for all callers of a concurrent first use, and not again while the session is good', async () => {
    const home = await tempHome();
    let requests = 0;
    const uri = await serve((_, response) => {
      requests += 1;
      setTimeout(() => response.end(sessionReply('id', 'secret', 'token')), 50);
    });
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    const source = openSource({ env, home: home.path });
    await Promise.all(Array.from({ length: 10 }, () => source.get()));
    expect(await source.get()).toEqual({
      accessKeyId: 'id',
      accessKeySecret: 'secret',
      securityToken: 'token',
      source: 'credentials URI',
    });
    expect(requests).toBe(1);
  });

  it('starts anew after a failure and does not stick to the source that failed last', async () => {
    const home = await tempHome();
    const source = openSource({ env: environment(), home: home.path });
    await expect(source.get()).rejects.toThrow('No Alibaba Cloud credentials were found');
    await home.writeCliConfig(keyProfile('id', 'secret'));
    expect(await source.get()).toMatchObject({ accessKeyId: 'id', source: 'CLI profile "default"' });
  });

  it('opens no connection when no credentials URI is set', async () => {
    const home = await tempHome();
    let sockets = 0;
    const count = () => {
      sockets += 1;
    };
    subscribe('net.client.socket', count);
    onTestFinished(() => {
      unsubscribe('net.client.socket', count);
    });
    await expect(openSource({ env: environment(), home: home.path }).get()).rejects.toThrow('credentials URI: not set');
    expect(sockets).toBe(0);
  });

  it('says in one message where it looked and what to do next', async () => {
    const home = await tempHome();
    const error = await openSource({ env: environment(), home: home.path })
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'CredentialsError',
      message:
        'No Alibaba Cloud credentials were found. Looked at: environment variables: not set; OIDC: not set up; ' +
        'CLI profile: ~/.aliyun/config.json does not exist; ' +
        'credentials file: ~/.alibabacloud/credentials does not exist; ' +
        'ECS RAM role: switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED; credentials URI: not set. ' +
        'Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun configure`, then try again.',
    });
  });

  it('sees a changed profile on the next call, and on refresh', async () => {
    const home = await tempHome();
    await home.writeCliConfig(keyProfile('id-1', 'secret-1'));
    const source = openSource({ env: environment(), home: home.path });
    expect((await source.get()).accessKeyId).toBe('id-1');
    await home.writeCliConfig(keyProfile('id-2', 'secret-2'));
    const second = await source.get();
    expect(second.accessKeyId).toBe('id-2');
    await home.writeCliConfig(keyProfile('id-3', 'secret-3'));
    expect((await source.refresh(second)).accessKeyId).toBe('id-3');
  });

  it('asks again on refresh, once for all who were refused, and not for one who is late', async () => {
    const home = await tempHome();
    let requests = 0;
    const uri = await serve((_, response) => {
      requests += 1;
      const reply = sessionReply(`id-${requests}`, 'secret', 'token');
      setTimeout(() => response.end(reply), 30);
    });
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    const source = openSource({ env, home: home.path });
    const refused = await source.get();
    const renewed = await Promise.all(Array.from({ length: 10 }, () => source.refresh(refused)));
    expect(new Set(renewed.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['id-2']));
    expect((await source.refresh(refused)).accessKeyId).toBe('id-2');
    expect(requests).toBe(2);
  });

  it('renews a session that is about to end without being told', async () => {
    const home = await tempHome();
    let requests = 0;
    const uri = await serve((_, response) => {
      requests += 1;
      // A session this short is renewed in the last quarter of its life.
      const seconds = requests === 1 ? 3 : 3600;
      const Expiration = `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
      const body = { AccessKeyId: `id-${requests}`, AccessKeySecret: 's', SecurityToken: 't', Expiration };
      response.end(JSON.stringify(body));
    });
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    const source = openSource({ env, home: home.path });
    expect((await source.get()).accessKeyId).toBe('id-1');
    await new Promise((resolve) => {
      setTimeout(resolve, 2400);
    });
    const both = await Promise.all([source.get(), source.get()]);
    expect(both.map(({ accessKeyId }) => accessKeyId)).toEqual(['id-2', 'id-2']);
    expect(requests).toBe(2);
  });

  it('gives up at the deadline, names what it was asking, and starts anew afterwards', async () => {
    const home = await tempHome();
    let requests = 0;
    const uri = await serve((_, response) => {
      requests += 1;
      if (requests > 1) response.end(sessionReply('id', 'secret', 'token'));
    });
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    const source = openSource({ env, home: home.path, deadline: 200 });
    await expect(source.get()).rejects.toThrow(/within 0\.2 s.*credentials URI: asked/);
    expect((await source.get()).accessKeyId).toBe('id');
  });

  it('lets one caller give up without taking the answer from the others', async () => {
    const home = await tempHome();
    const uri = await serve((_, response) => {
      setTimeout(() => response.end(sessionReply('id', 'secret', 'token')), 100);
    });
    const env = environment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
    const source = openSource({ env, home: home.path });
    const reason = new Error('cancelled by the caller');
    const controller = new AbortController();
    const impatient = source.get(controller.signal);
    const patient = source.get();
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    await expect(source.get(controller.signal)).rejects.toBe(reason);
    expect((await patient).accessKeyId).toBe('id');
  });

  it('hands out fixed credentials as they are', async () => {
    const source = staticCredentials({ accessKeyId: 'testid', accessKeySecret: 'testsecret', source: 'emulator' });
    const fixed = { accessKeyId: 'testid', accessKeySecret: 'testsecret', source: 'emulator' };
    expect(await source.get()).toEqual(fixed);
    expect(await source.refresh(await source.get())).toEqual(fixed);
  });
});
