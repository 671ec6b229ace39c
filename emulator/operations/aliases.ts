import type { Account, Key } from '../account/account.js';
import type { ReplyBody } from '../wire-reply.js';
import type { Operation } from './operation.js';
import { pageOf } from './paging.js';
import { findKey } from './target.js';

/** A page of the account's aliases, in order of their keys. */
export const listAliases: Operation = ({ account, parameters }) => {
  const { items, summary } = pageOf(parameters, account.aliased, { min: 0, max: 100 });
  return { Aliases: { Alias: items.flatMap((key) => printAlias(account, key)) }, ...summary };
};

/** A page of the aliases of one key. */
export const listAliasesByKeyId: Operation = (call) => {
  const aliases = printAlias(call.account, findKey(call));
  const { items, summary } = pageOf(call.parameters, aliases, { min: 0, max: 101 });
  return { Aliases: { Alias: items }, ...summary };
};

function printAlias(account: Account, key: Key): readonly ReplyBody[] {
  if (key.alias === undefined) {
    return [];
  }
  const AliasArn = account.arn('alias', key.alias.slice('alias/'.length));
  return [{ AliasName: key.alias, KeyId: key.id, AliasArn }];
}
