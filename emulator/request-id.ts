import { randomUUID } from 'node:crypto';

/** Makes lower-case version 4 UUIDs; from `random` when it is given, so that a run can be repeated. */
export function createRequestIds(random: (() => number) | undefined): () => string {
  if (random === undefined) {
    return randomUUID;
  }
  return () =>
    'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
      const digit = Math.floor(random() * 16);
      return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
    });
}
