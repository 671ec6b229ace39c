import type { Alias } from '../../account/alias-book.js';
import type { Region } from '../../account/region.js';
import type { ReplyBody } from '../../wire-reply.js';
import type { Operation } from '../operation.js';
import { pageOf } from '../paging.js';
import { findKey } from './target.js';

/** A page of the region's aliases, in order of creation. */
export const listAliases: Operation = ({ region, parameters }) => {
  const { items, summary } = pageOf(parameters, region.aliases.all, { min: 0, max: 100 });
  return { Aliases: { Alias: items.map((alias) => printAlias(region, alias)) }, ...summary };
};

/** A page of the aliases of one key. */
export const listAliasesByKeyId: Operation = (call) => {
  const { region, parameters } = call;
  const keyId = findKey(call).id;
  const { items, summary } = pageOf(parameters, region.aliases.of(keyId), { min: 0, max: 101 });
  return { Aliases: { Alias: items.map((name) => printAlias(region, { name, keyId })) }, ...summary };
};

function printAlias(region: Region, { name, keyId }: Alias): ReplyBody {
  return { AliasName: name, KeyId: keyId, AliasArn: region.arn('alias', name.slice('alias/'.length)) };
}
