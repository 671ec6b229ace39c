import { execFile } from 'node:child_process';
import type { Environment } from '../base/setting.js';
import { UnusableSource } from './unusable-source.js';

/** Less than a resolution may take, so that the error is about the command. */
const TIMEOUT_MS = 7_500;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs the command of an `External` profile and gives what it printed. Without a shell, as the CLI runs it; what it
 * writes to stderr is dropped, and so is its exit message, for both may hold secrets.
 *
 * @throws UnusableSource
 */
export function runCommand(command: readonly [string, ...(readonly string[])], env: Environment): Promise<string> {
  const [file, ...args] = command;
  const limits = {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    windowsHide: true,
  } as const;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new UnusableSource(`its process_command ${why}`));
    const child = execFile(file, args, { ...limits, env, encoding: 'utf8' }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.killed === true) fail(`was stopped after ${TIMEOUT_MS / 1000} s or ${MAX_OUTPUT_BYTES} bytes`);
      else if (typeof error.code === 'number') fail(`ended with status ${error.code}`);
      else fail(`cannot be run (${/^E[A-Z]+$/.test(String(error.code)) ? error.code : 'unknown reason'})`);
    });
    // Its stdin is a pipe of its own, never ours, which carries the protocol.
    child.stdin?.on('error', () => undefined).end();
  });
}

const UNIX = /(\s+)|'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\\n|\\([\s\S])|([^\s'"\\]+)/y;
const WINDOWS = /(\s+)|'([^']*)'|"((?:\\"|[^"])*)"|(?!)|(?!)()|([^\s'"]+)/y;

/**
 * Splits a `process_command` as the CLI does (aliyun-cli, config/command_split.go): quotes as in POSIX, and on Windows
 * a backslash that is a part of a path. Undefined when a quote is not closed, a backslash ends it, or nothing is there.
 */
export function splitCommand(
  command: string,
  windows = process.platform === 'win32',
): readonly [string, ...(readonly string[])] | undefined {
  const text = command.trim();
  const pattern = windows ? WINDOWS : UNIX;
  const words: string[] = [];
  let word: string | undefined;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (found === null) return undefined;
    const [, space, single, double, escaped, plain] = found;
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      const inQuotes = windows
        ? double?.replaceAll('\\"', '"')
        : double?.replace(/\\\n/g, '').replace(/\\(["\\$`])/g, '$1');
      const part = single ?? inQuotes ?? escaped ?? plain;
      // A line that goes on (\ and a line break) is no part of a word, and begins none.
      if (part !== undefined) word = (word ?? '') + part;
    }
  }
  if (word !== undefined) words.push(word);
  const [file, ...args] = words;
  return file === undefined || file === '' ? undefined : [file, ...args];
}
