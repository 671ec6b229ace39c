import { lstat, mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorCode } from '../base/error-code.js';

const REASONS = {
  ENOTDIR: 'The state directory is not a directory.',
  ESTATEDIR_LINK: 'The state directory is a symbolic link.',
  ESTATEDIR_OWNER: 'The state directory belongs to another user.',
  ESTATEDIR_WRITABLE: 'The state directory can be written by others.',
} as const;

/** The directory is not used: somebody else could read, change or redirect what we keep there. No path in the message. */
class StateDirectoryRefused extends Error {
  override readonly name = 'StateDirectoryRefused';
  readonly code: keyof typeof REASONS;

  constructor(code: keyof typeof REASONS) {
    super(REASONS[code]);
    this.code = code;
  }
}

/** A directory that is ours alone. It is looked at with its first use, not at start-up. */
export interface StateDirectory {
  readonly path: string;
  /** False when there is none (yet). Rejects when it cannot be told, or with `StateDirectoryRefused`. */
  isThere(): Promise<boolean>;
  /** Makes it, mode 0700, if there is none. Rejects as `isThere` does. */
  make(): Promise<void>;
  /** Makes a file in it by `open`, which may be called twice: the directory may have been removed since its last use. */
  within<Result>(open: () => Promise<Result>): Promise<Result>;
  /** Looks again: before something is deleted. */
  check(): Promise<boolean>;
}

/** `parent`: a directory that is looked at before this one. */
export function stateDirectory(directory: string, parent?: StateDirectory): StateDirectory {
  // Without a slash at its end, with which a link would be followed.
  const path = resolve(directory);
  let isChecked = false;

  const check = async (): Promise<boolean> => {
    isChecked = (parent === undefined || (await parent.check())) && (await isOurs(path));
    return isChecked;
  };
  const make = async (): Promise<void> => {
    if (isChecked) return;
    await parent?.make();
    if (await check()) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    // Somebody else may have made it, or something, in between.
    await check();
  };
  return {
    path,
    check,
    make,
    isThere: async () => isChecked || check(),
    async within(open) {
      await make();
      try {
        return await open();
      } catch (error) {
        if (errorCode(error) !== 'ENOENT' || (await check())) throw error;
      }
      await make();
      return open();
    },
  };
}

/** Windows has no such modes; there, a user's directories are the user's by inheritance. */
const isPosix = process.platform !== 'win32';

async function isOurs(path: string): Promise<boolean> {
  const found = await (isPosix ? lstat : stat)(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return false;
  if (found.isSymbolicLink()) throw new StateDirectoryRefused('ESTATEDIR_LINK');
  if (!found.isDirectory()) throw new StateDirectoryRefused('ENOTDIR');
  if (!isPosix) return true;
  if (found.uid !== process.geteuid?.()) throw new StateDirectoryRefused('ESTATEDIR_OWNER');
  if ((found.mode & 0o022) !== 0) throw new StateDirectoryRefused('ESTATEDIR_WRITABLE');
  return true;
}
