import { quote } from '../base/quote.js';
import { TagsError } from '../base/tags-error.js';
import type { StoredChange } from '../journal/change.js';
import type { Call } from './call.js';

/** A change of the caller's, in the account of the moment. Throws `CHANGE_NOT_FOUND` or `JOURNAL_UNAVAILABLE`. */
export async function readChange(call: Call, changeId: string): Promise<StoredChange> {
  const { journal, principal, options } = call;
  const found = await journal.read(changeId, { principal, account: await call.account(options) });
  if (found.kind === 'found') return found.record;
  if (found.kind === 'missing') {
    const text = `There is no change ${quote(changeId, 40)} in this server's journal.`;
    throw new TagsError('CHANGE_NOT_FOUND', text, 'list_changes shows those that there are.');
  }
  const text = `Change ${quote(changeId, 40)} was made under other credentials, for another account.`;
  throw new TagsError('CHANGE_NOT_FOUND', text, 'Use the credentials it was made with.');
}
