import { startHash } from '../base/digest.js';

/** The braces put all keys into one slot of a cluster, so that they can be changed together. */
const PREFIX = '{kms-tags}:';

/** Ids of all changes, by the order of their writing. */
export const INDEX = `${PREFIX}changes`;
/** Bytes of each change, and of all. */
export const SIZES = `${PREFIX}sizes`;
export const BYTES = `${PREFIX}bytes`;
/** Counts the changes that were ever made. */
export const ORDER = `${PREFIX}order`;

export const linesOf = (id: string): string => `${PREFIX}change:${id}`;
export const leaseOf = (id: string): string => `${PREFIX}lease:${id}`;
export const planOf = (id: string): string => `${PREFIX}plan:${id}`;
/** Lines on their way, until a script puts them to use. */
export const stagedOf = (name: string): string => `${PREFIX}staged:${name}`;
/** A digest, since tokens come from outside. */
export const consumedOf = (token: string): string => `${PREFIX}spent:${startHash().update(token).digest('hex')}`;
