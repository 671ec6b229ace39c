import { constants } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { errorCode } from '../base/error-code.js';

/** Characters that are gathered before they are written, and bytes that are read at once. */
const CHUNK = 256 * 1024;

/** No link is followed, and a FIFO that took the file's place is not waited for. Windows knows neither flag. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Makes a file of lines, mode 0600, durable with its name; all or nothing. Rejects with `EEXIST` when there is one.
 * `lastCheck`: may throw, and then there is no file either.
 */
export async function createLineFile(
  path: string,
  lines: Iterable<string>,
  lastCheck: () => void = () => undefined,
): Promise<{ readonly file: FileHandle; readonly bytes: number }> {
  const file = await open(path, 'ax', 0o600);
  try {
    const bytes = await writeLines(file, lines);
    await file.sync();
    await syncDirectory(dirname(path));
    lastCheck();
    return { file, bytes };
  } catch (error) {
    await file.close().catch(() => undefined);
    await removeFile(path);
    throw error;
  }
}

/** Resolves with the number of bytes. */
export async function writeLines(file: FileHandle, lines: Iterable<string>, start = ''): Promise<number> {
  let text = start;
  let written = 0;
  const write = async (): Promise<void> => {
    const bytes = Buffer.from(text);
    text = '';
    await file.appendFile(bytes);
    written += bytes.length;
  };
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length >= CHUNK) await write();
  }
  if (text !== '') await write();
  return written;
}

/**
 * Lines that are not empty; the last one may have no end. Opens the file with the first line that is asked for, so that
 * a caller who wants none leaves nothing open; nothing comes from a file that is gone by then.
 */
export async function* readLines(path: string): AsyncGenerator<string, undefined> {
  const file = await openToRead(path);
  if (file === undefined) return;
  try {
    const decoder = new StringDecoder('utf8');
    const buffer = Buffer.allocUnsafe(CHUNK);
    let rest = '';
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK);
      if (bytesRead === 0) break;
      const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield line;
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  } finally {
    await file.close();
  }
}

/** Undefined when there is no regular file. */
export async function openToRead(path: string): Promise<FileHandle | undefined> {
  if (!(await isRegularFile(path))) return undefined;
  const file = await open(path, READ_FLAGS).catch(undefinedIfAbsent);
  if (file === undefined || (await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

/** Whether there is a regular file. Anything else of that name was not made by us, and is never opened. */
export async function isRegularFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(undefinedIfAbsent))?.isFile() ?? false;
}

/** Best effort. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** For `catch`: only "not there" is undefined; a file that cannot be looked at is not an absent one. */
export function undefinedIfAbsent(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}

/** How file systems, and Windows, say that they cannot sync a directory. There is nothing more that could be done. */
const CANNOT_SYNC: ReadonlySet<string | undefined> = new Set([
  ...['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EBADF', 'EISDIR'],
]);

/** Makes the names of new files durable. */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, 'r');
    await directory.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has(errorCode(error))) throw error;
  } finally {
    await directory?.close();
  }
}
