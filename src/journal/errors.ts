import { errorCode } from '../base/error-code.js';
import { TagsError } from '../base/tags-error.js';

/** The change is refused: without the journal it could not be undone. */
export function journalUnavailable(error: unknown): TagsError {
  const text = `The change journal cannot be written (${reasonOf(error)}), and without it the change could not be undone.`;
  return new TagsError('JOURNAL_UNAVAILABLE', text, REPAIR);
}

/** The journal's own answer to a list or an undo. */
export function journalUnreadable(error: unknown): TagsError {
  return new TagsError('JOURNAL_UNAVAILABLE', `The change journal cannot be read (${reasonOf(error)}).`, REPAIR);
}

const REPAIR =
  'Ask the operator of this server to free or repair the state directory (--state-dir), or Redis (--journal).';

/** Reasons of the stores, in words. */
const WORDS: Readonly<Record<string, string>> = {
  ESTATEDIR_LINK: 'the state directory is a symbolic link',
  ESTATEDIR_OWNER: 'the state directory belongs to another user',
  ESTATEDIR_WRITABLE: 'the state directory can be written by others; make a directory of its own inside it, mode 0700',
};

/** A code such as `ENOSPC` or `ECONNREFUSED` says enough; a message may hold a path or a Redis URL. */
function reasonOf(error: unknown): string {
  const code =
    errorCode(error) ??
    (error instanceof Error && error.name === 'LeaseLost' ? 'the server was paused for too long' : 'unknown');
  return WORDS[code] ?? code;
}
