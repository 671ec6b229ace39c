/** An account number of 16 digits, the first of them not 0. `random` gives numbers from 0 up to 1. */
export function newAccountId(random: () => number): string {
  const digits = Array.from({ length: 15 }, () => Math.floor(random() * 10));
  return `${1 + Math.floor(random() * 9)}${digits.join('')}`;
}
