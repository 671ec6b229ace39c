import type { Emulator } from '../../emulator/index.js';
import type { CredentialSource, Credentials } from '../../src/credentials/credentials.js';
import { CANARY } from '../credentials/canary.js';

/** Credentials as a file or a metadata service hands them out: what is new there shows when it is asked again. */
export interface Keyring {
  readonly source: CredentialSource;
  /** The access key changes; `known`: the source has the new one. */
  change(known: boolean): void;
  /** The source does not have the newest credentials: not even STS answers. */
  isBehind(): boolean;
  /** The source has the newest credentials, for whoever asks it again. */
  learn(): void;
}

/** A canary, so that whatever leaves the server can be searched for it. */
export function accessKey(generation: number): { readonly accessKeyId: string; readonly accessKeySecret: string } {
  return { accessKeyId: `${CANARY.id}${generation}`, accessKeySecret: `${CANARY.secret}${generation}` };
}

export function keyringOf(emulator: Emulator): Keyring {
  let generation = 1;
  const current = (): Credentials => ({
    accessKeyId: emulator.accessKeyId,
    accessKeySecret: emulator.accessKeySecret,
    source: 'test',
  });
  let cached = current();
  let latest = cached;
  const learn = (): void => {
    latest = current();
  };
  return {
    source: {
      get: async () => cached,
      async refresh() {
        cached = latest;
        return cached;
      },
    },
    isBehind: () => latest.accessKeyId !== emulator.accessKeyId,
    learn,
    change(known) {
      generation += 1;
      emulator.rotateAccessKey(accessKey(generation));
      if (known) learn();
    },
  };
}
