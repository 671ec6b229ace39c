import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { runProgram } from '../support/run-program.js';

let program: BuiltProgram;
let directory: string;
beforeAll(async () => {
  program = await buildProgram('src/cli/main.ts');
  directory = await mkdtemp(join(tmpdir(), 'kms-tags-emulator-'));
});
afterAll(async () => {
  await program.remove();
  await rm(directory, { recursive: true, force: true });
});

/** Starts `emulator` and gives the JSON line that it prints. */
async function lineOf(...args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [program.path, 'emulator', ...args], { timeout: 15_000 });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  return JSON.parse(String(line));
}

async function dataFile(data: object): Promise<string> {
  const file = join(directory, 'account.json');
  await writeFile(file, JSON.stringify(data));
  return file;
}

const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/);
const common = { endpoint: url, accessKeyId: 'testid', accessKeySecret: 'testsecret', accountId: '1234567890123456' };

describe('the emulator as a program', () => {
  it('prints one endpoint, its keys, its region and its account', async () => {
    expect(await lineOf()).toEqual({ ...common, regionId: 'cn-hangzhou' });
    expect(await lineOf('--region', 'eu-central-1')).toEqual({ ...common, regionId: 'eu-central-1' });
  });

  it('prints an endpoint for each of several regions, too', async () => {
    expect(await lineOf('--regions', 'cn-beijing,cn-shanghai')).toEqual({
      ...common,
      regionId: 'cn-beijing',
      endpoints: { 'cn-beijing': url, 'cn-shanghai': url },
    });
  });

  it('takes regions and account from the data', async () => {
    const data = await dataFile({ AccountId: '1111222233334444', regions: { 'cn-shanghai': { keys: [] } } });
    expect(await lineOf('--data', data)).toEqual({
      ...common,
      accountId: '1111222233334444',
      regionId: 'cn-hangzhou',
      endpoints: { 'cn-hangzhou': url, 'cn-shanghai': url },
    });
  });

  it('ends with status 2 when the data holds a region that is not among --regions', async () => {
    const data = await dataFile({ regions: { 'cn-shanghai': { keys: [] } } });
    const args = [program.path, 'emulator', '--regions', 'cn-hangzhou', '--data', data];
    const { status, stderr } = await runProgram(process.execPath, args);
    expect(stderr).toMatch(/^alicloud-kms-tags-mcp: [^\n]*"cn-shanghai"[^\n]*\n$/);
    expect(status).toBe(2);
  });
});
