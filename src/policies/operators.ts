import { BlockList, isIP } from 'node:net';
import { matchesWildcard } from './wildcard.js';

/** How a value of a condition compares with the value of a tag; undefined when one of them is not of the type. */
type Compare = (wanted: string, value: string) => boolean | undefined;

export interface Operator {
  readonly compare: Compare;
  /** `StringNotEquals` and its like hold when the comparison does not. */
  readonly negated: boolean;
}

const equal: Compare = (wanted, value) => wanted === value;
const equalIgnoringCase: Compare = (wanted, value) => wanted.toLowerCase() === value.toLowerCase();

/** `of` turns both into a number, NaN for what is none; `holds` is given the tag's value minus the wanted one. */
function ordered(of: (text: string) => number, holds: (difference: number) => boolean): Compare {
  return (wanted, value) => {
    const difference = of(value) - of(wanted);
    return Number.isNaN(difference) ? undefined : holds(difference);
  };
}

const numberOf = (text: string): number => (/^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);
/** ISO 8601, as RAM's pages print dates. */
const timeOf = (text: string): number =>
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;

const bool: Compare = (wanted, value) => {
  const [one, other] = [wanted.toLowerCase(), value.toLowerCase()];
  return /^(true|false)$/.test(one) && /^(true|false)$/.test(other) ? one === other : undefined;
};

/** `10.0.0.0/8` or one address. */
const inNetwork: Compare = (wanted, value) => {
  const [address = '', prefix, ...rest] = wanted.split('/');
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const length = prefix === undefined ? longest : numberOf(prefix);
  if (family === 0 || isIP(value) === 0 || rest.length > 0 || !(length >= 0 && length <= longest)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, Math.trunc(length), family === 6 ? 'ipv6' : 'ipv4');
  return network.check(value, isIP(value) === 6 ? 'ipv6' : 'ipv4');
};

const COMPARISONS: Readonly<Record<string, Compare>> = {
  StringEquals: equal,
  StringEqualsIgnoreCase: equalIgnoringCase,
  StringLike: matchesWildcard,
  NumericEquals: ordered(numberOf, (difference) => difference === 0),
  NumericLessThan: ordered(numberOf, (difference) => difference < 0),
  NumericLessThanEquals: ordered(numberOf, (difference) => difference <= 0),
  NumericGreaterThan: ordered(numberOf, (difference) => difference > 0),
  NumericGreaterThanEquals: ordered(numberOf, (difference) => difference >= 0),
  DateEquals: ordered(timeOf, (difference) => difference === 0),
  DateLessThan: ordered(timeOf, (difference) => difference < 0),
  DateLessThanEquals: ordered(timeOf, (difference) => difference <= 0),
  DateGreaterThan: ordered(timeOf, (difference) => difference > 0),
  DateGreaterThanEquals: ordered(timeOf, (difference) => difference >= 0),
  Bool: bool,
  IpAddress: inNetwork,
};

/** Each says no where the other says yes. */
const NEGATIONS: Readonly<Record<string, Compare>> = {
  StringNotEquals: equal,
  StringNotEqualsIgnoreCase: equalIgnoringCase,
  StringNotLike: matchesWildcard,
  NumericNotEquals: ordered(numberOf, (difference) => difference === 0),
  DateNotEquals: ordered(timeOf, (difference) => difference === 0),
  NotIpAddress: inNetwork,
};

/**
 * The operators that RAM documents, by their exact names. `…IfExists`, `Null` and set operators are not among them: RAM
 * refuses a policy that holds one.
 * Source: https://www.alibabacloud.com/help/en/ram/conditional-operator
 */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...Object.entries(COMPARISONS).map(([name, compare]) => [name, { compare, negated: false }] as const),
  ...Object.entries(NEGATIONS).map(([name, compare]) => [name, { compare, negated: true }] as const),
]);
