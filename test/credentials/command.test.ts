import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitCommand } from '../../src/credentials/command.js';
import { environment, openSource, type TempHome, tempHome } from './temp-home.js';

describe('a process_command', () => {
  it.each([
    ['tool', ['tool']],
    ['  tool   a\tb ', ['tool', 'a', 'b']],
    ['tool "a b" \'c d\'', ['tool', 'a b', 'c d']],
    ['tool "" x', ['tool', '', 'x']],
    ['to"ol" a\'b\'c', ['tool', 'abc']],
    ['tool a\\ b \\"c\\"', ['tool', 'a b', '"c"']],
    ['tool "a\\"b\\\\c\\$d\\n"', ['tool', 'a"b\\c$d\\n']],
    ["tool 'a\\b$c'", ['tool', 'a\\b$c']],
    ['tool a\\\nb "c\\\nd"', ['tool', 'ab', 'cd']],
    ['tool $HOME; rm -rf /', ['tool', '$HOME;', 'rm', '-rf', '/']],
    ['', undefined],
    ['""', undefined],
    ['tool "a', undefined],
    ["tool 'a", undefined],
    ['tool a\\', undefined],
  ])('%j is %j', (text, words) => {
    expect(splitCommand(text, false)).toEqual(words);
  });

  it.each([
    ['C:\\tools\\cred.exe --x', ['C:\\tools\\cred.exe', '--x']],
    ['"C:\\Program Files\\tool.exe" "a\\"b"', ['C:\\Program Files\\tool.exe', 'a"b']],
    ['tool "a', undefined],
  ])('on Windows, %j is %j', (text, words) => {
    expect(splitCommand(text, true)).toEqual(words);
  });
});

const KEYS = { mode: 'StsToken', access_key_id: 'ext', access_key_secret: 'secret', sts_token: 'token' };

/** An executable that does what `script` says. */
async function executable(home: TempHome, script: string): Promise<string> {
  const path = join(home.path, 'sign-in.sh');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o700);
  return path;
}

describe.skipIf(process.platform === 'win32')('a profile of mode External', () => {
  it.each(['External', 'external', 'EXTERNAL', ''])(
    'spelled %j, in a file with a byte order mark, runs its command and leaves the file alone',
    async (mode) => {
      const home = await tempHome();
      const command = await executable(home, `echo '${JSON.stringify(KEYS)}'`);
      const config = JSON.stringify({ current: 'me', profiles: [{ name: 'me', mode, process_command: command }] });
      await home.writeCliConfig(`\uFEFF${config}`);
      const path = join(home.path, '.aliyun', 'config.json');
      const before = await stat(path);
      const source = openSource({ env: environment(), home: home.path });
      expect(await source.get()).toMatchObject({ accessKeyId: 'ext', securityToken: 'token' });
      expect(await readFile(path, 'utf8')).toBe(`\uFEFF${config}`);
      expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
      expect(await readdir(join(home.path, '.aliyun'))).toEqual(['config.json']);
    },
  );

  it('may print the keys of a user, with a byte order mark and nothing about a mode', async () => {
    const home = await tempHome();
    const command = await executable(home, `printf '\\357\\273\\277{"access_key_id":"ak","access_key_secret":"s"}'`);
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'External', process_command: command }],
    });
    const credentials = await openSource({ env: environment(), home: home.path }).get();
    expect(credentials).toEqual({ accessKeyId: 'ak', accessKeySecret: 's', source: 'CLI profile "me"' });
  });

  it('runs it without a shell, with the words that its quotes make, and with nothing on its stdin', async () => {
    const home = await tempHome();
    const reply = `{"mode":"AK","access_key_id":"'"$#-$1-$(cat | wc -c | tr -d ' ')"'","access_key_secret":"s"}`;
    const command = await executable(home, `echo '${reply}'`);
    const words = `${command} "a b" '$HOME'`;
    await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', mode: 'External', process_command: words }] });
    const source = openSource({ env: environment({ PATH: process.env['PATH'] ?? '' }), home: home.path });
    await expect(source.get()).rejects.toThrow('holds a space');
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'External', process_command: `${command} "a-b" '$HOME'` }],
    });
    expect((await source.get()).accessKeyId).toBe('2-a-b-0');
  });

  it.each([
    ['fails', 'exit 3', 'ended with status 3'],
    ['prints no JSON', 'echo hello', 'did not print a JSON object'],
    [
      'prints keys that have ended',
      `echo '${JSON.stringify({ ...KEYS, expiration: '2001-01-01T00:00:00Z' })}'`,
      'has ended already',
    ],
    ['prints half', `echo '{"mode":"AK","access_key_id":"x"}'`, 'has no access_key_secret'],
    ['prints another command', `echo '{"mode":"External","process_command":"x"}'`, 'printed no credentials'],
  ])('is an error when its command %s', async (_, script, message) => {
    const home = await tempHome();
    const command = await executable(home, script);
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'External', process_command: command }],
    });
    await expect(openSource({ env: environment(), home: home.path }).get()).rejects.toThrow(message);
  });

  it.each([
    ['/no/such/program', 'cannot be run (ENOENT)'],
    ['', 'has no process_command'],
    ['tool "open', 'cannot be split into words'],
  ])('is an error when its command is %j', async (command, message) => {
    const home = await tempHome();
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'External', process_command: command }],
    });
    await expect(openSource({ env: environment(), home: home.path }).get()).rejects.toThrow(message);
  });

  it('is run again when the keys that it printed come to their end, and by many servers at once', async () => {
    const home = await tempHome();
    const soon = new Date(Date.now() + 2_000).toISOString();
    const command = await executable(
      home,
      `echo run >> '${home.path}/runs'\necho '${JSON.stringify({ ...KEYS, expiration: soon })}'`,
    );
    await home.writeCliConfig({
      current: 'me',
      profiles: [{ name: 'me', mode: 'External', process_command: command }],
    });
    const servers = Array.from({ length: 8 }, () => openSource({ env: environment(), home: home.path }));
    for (const { accessKeyId } of await Promise.all(servers.map((source) => source.get()))) {
      expect(accessKeyId).toBe('ext');
    }
    expect((await readFile(join(home.path, 'runs'), 'utf8')).trim().split('\n')).toHaveLength(8);
  });

  it.each(['1', 'true', 'TRUE'])('is not run when ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is %s', async (setting) => {
    const home = await tempHome();
    for (const profile of [
      { mode: 'External', process_command: '/bin/true' },
      { mode: 'CredentialsURI', credentials_uri: 'http://127.0.0.1:1' },
    ]) {
      await home.writeCliConfig({ current: 'me', profiles: [{ name: 'me', ...profile }] });
      const env = environment({ ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS: setting });
      await expect(openSource({ env, home: home.path }).get()).rejects.toThrow('forbids');
    }
  });
});
