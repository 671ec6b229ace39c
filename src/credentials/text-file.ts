import { readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errorCode } from '../base/error-code.js';
import { UnusableSource } from './unusable-source.js';

/** A file and what it looked like when it was read. */
export interface StampedFile {
  readonly path: string;
  readonly stamp: string;
}

/** A text file as read, or nothing. */
export type FileText = { readonly kind: 'absent' } | ({ readonly kind: 'text'; readonly text: string } & StampedFile);

/**
 * Reads a text file; a byte order mark is dropped.
 *
 * @param shown how the file is called in messages.
 * @throws UnusableSource when it exists but cannot be read.
 */
export async function readTextFile(path: string, shown: string): Promise<FileText> {
  try {
    // The stamp is taken first: a change between the two calls is then noticed later, and not missed.
    const stamp = await stampOf(path);
    const text = await readFile(path, 'utf8');
    return { kind: 'text', text: text.replace(/^\uFEFF/, ''), path, stamp };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    throw new UnusableSource(`${shown} cannot be read (${code ?? 'unknown reason'})`);
  }
}

/** Whether the file was written, replaced or removed since it was read. */
export async function hasChanged(file: StampedFile): Promise<boolean> {
  try {
    return (await stampOf(file.path)) !== file.stamp;
  } catch {
    return true;
  }
}

/** A path for a message: `~/…` inside the home directory, as it is elsewhere. */
export function showPath(path: string, home: string | undefined): string {
  if (home === undefined) return path;
  return path.startsWith(join(home, sep)) ? `~/${path.slice(join(home, sep).length).replaceAll(sep, '/')}` : path;
}

async function stampOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${mtimeMs}/${size}/${ino}`;
}
