import { TagsError } from '../base/tags-error.js';

/** The change is refused: without the journal it could not be undone. */
export function unavailable(error: unknown): TagsError {
  const text = `The change journal cannot be written (${codeOf(error)}), and without it the change could not be undone.`;
  return new TagsError('JOURNAL_UNAVAILABLE', text, MEND_JOURNAL);
}

/** The journal’s own answer to a list or an undo. */
export function unreadable(error: unknown): TagsError {
  return new TagsError('JOURNAL_UNAVAILABLE', `The change journal cannot be read (${codeOf(error)}).`, MEND_JOURNAL);
}

const MEND_JOURNAL =
  'Ask the operator of this server to free or fix the state directory (--state-dir), or Redis (--journal).';

/** A code such as `ENOSPC`, `EROFS` or `ECONNREFUSED` says enough; a message may hold a path or a Redis URL. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
