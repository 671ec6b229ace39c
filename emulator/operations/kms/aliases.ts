import type { Alias } from '../../account/alias-book.js';
import type { Region } from '../../account/region.js';
import { assumptions } from '../../assumptions.js';
import { invalidParameter, kmsRefusal } from '../../refusal.js';
import type { ReplyBody } from '../../wire-reply.js';
import type { Operation, OperationCall } from '../operation.js';
import { pageOf } from '../paging.js';
import { required } from '../parameters.js';
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

/** A new alias for a key, which may have others. */
export const createAlias: Operation = (call) => {
  const name = readName(call);
  const key = findKey(call);
  if (call.region.aliases.find(name) !== undefined) {
    throw kmsRefusal('AliasAlreadyExists');
  }
  if (call.region.aliases.all.length >= assumptions.aliasesPerRegion) {
    throw kmsRefusal('Rejected.LimitExceeded');
  }
  call.region.setAlias(name, key.id);
  return {};
};

/** Points an alias to another key. */
export const updateAlias: Operation = (call) => {
  const name = readName(call);
  const key = findKey(call);
  checkKnown(call.region, name);
  call.region.setAlias(name, key.id);
  return {};
};

/** Removes an alias; its key stays. */
export const deleteAlias: Operation = ({ region, parameters }) => {
  const name = required(parameters, 'AliasName');
  checkKnown(region, name);
  region.removeAlias(name);
  return {};
};

// `alias/acs` is for the keys of services. Source: the CreateAlias page, and "Manage a key alias".
function readName({ parameters }: OperationCall): string {
  const name = required(parameters, 'AliasName');
  if (!/^alias\/[\w/-]{1,255}$/.test(name) || name.startsWith('alias/acs')) {
    throw invalidParameter('AliasName');
  }
  return name;
}

function checkKnown(region: Region, name: string): void {
  if (region.aliases.find(name) === undefined) {
    throw kmsRefusal(assumptions.unknownAlias);
  }
}

function printAlias(region: Region, { name, keyId }: Alias): ReplyBody {
  return { AliasName: name, KeyId: keyId, AliasArn: region.arn('alias', name.slice('alias/'.length)) };
}
