import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltProgram, buildProgram } from '../support/built-program.js';
import { type ProgramRun, runProgram } from '../support/run-program.js';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram('src/cli/main.ts');
});
afterAll(() => program.remove());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ProgramRun> =>
  runProgram(process.execPath, [program.path, ...args], env);

describe('the program', () => {
  it.each([
    [['serve'], {}, 'unknown command'],
    [['--no-such-flag'], {}, 'unknown flag or argument --no-such-flag'],
    [['--timeout', 'soon'], {}, '--timeout must be a whole number'],
    [['--read-only=yes'], {}, '--read-only must be true or false'],
    [[], { KMS_TAGS_READ_ONLY: '1' }, 'KMS_TAGS_READ_ONLY must be true or false'],
    [['--emulator', '--endpoint', 'https://x.example'], {}, 'contradict'],
    [['http', '--host', '0.0.0.0'], {}, '--host is not loopback'],
    [['http', '--host', 'not a host'], {}, '--host must be a host name'],
    [['emulator', '--faults', 'no-such:1'], {}, '--faults'],
    [['emulator', '--data', '/no/such/file'], {}, '--data'],
  ])('ends with status 2 and one line on stderr for %j', async (args, env, message) => {
    const { status, stdout, stderr } = await run(args, env);
    expect(stderr).toMatch(/^alicloud-kms-tags-mcp: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it.each([['--help'], ['--version']])('%s prints to stdout and ends well', async (flag) => {
    const { status, stdout, stderr } = await run([flag]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(flag === '--help' ? /--region ID/ : /^\d+\.\d+\.\d+\n$/);
  });
});
