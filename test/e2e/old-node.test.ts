import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { PROGRAM } from '../support/program.js';
import { runProgram } from '../support/run-program.js';

/** Runs the built program under a Node that says it is `version`. */
async function runUnder(version: string, ...args: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'old-node-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const disguise = join(directory, 'disguise.cjs');
  const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`;
  await writeFile(disguise, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  return runProgram(process.execPath, ['--require', disguise, PROGRAM, ...args]);
}

describe('the built program', () => {
  it.each(['12.22.12', '18.20.8', '19.9.0', '20.0.0', '20.18.0'])(
    'ends with status 2 and says what it needs under Node %s, whatever it was told to do',
    async (version) => {
      for (const args of [[], ['http'], ['--version'], ['--no-such-flag']]) {
        const { status, stdout, stderr } = await runUnder(version, ...args);
        expect(stderr).toMatch(
          /^alicloud-kms-tags-mcp: needs Node\.js 20\.18\.1 or newer, and this is [\d.]+\. [^\n]+\n$/,
        );
        expect(stderr).toContain(`this is ${version}.`);
        expect([status, stdout]).toEqual([2, '']);
      }
    },
  );

  it.each(['20.18.1', '20.19.0', '22.0.0', '24.11.1', '26.0.0-nightly'])('starts under Node %s', async (version) => {
    expect(await runUnder(version, '--version')).toMatchObject({ status: 0, stderr: '' });
  });

  it('is entered by a file that an old Node can read: no static import, no syntax younger than Node 12', async () => {
    const text = await readFile(PROGRAM, 'utf8');
    expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(text).not.toMatch(/^\s*import\s*[\w{*"']/m);
    expect(text).not.toMatch(/\?\?|\?\.|\bawait\b|\|\|=|&&=|#\w+\s*[=(]|\bstatic\s*{|node:/);
    expect(text.length).toBeLessThan(2_000);
  });

  it('says the same version that package.json asks for', async () => {
    expect((await runUnder('18.0.0')).stderr).toContain(manifest.engines.node.replace('>=', ''));
  });
});
