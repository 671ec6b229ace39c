import type { Clock } from '../../base/clock.js';
import { digest } from '../../base/digest.js';
import type { CredentialSource } from '../../credentials/credentials.js';
import type { CallOptions } from '../../rpc/rpc-client.js';
import { RpcError } from '../../rpc/rpc-error.js';
import type { Sts } from './sts-client.js';

/** The account that a change or a plan belongs to. */
export interface Account {
  /** 16 digits; undefined where STS could not be asked. */
  readonly id: string | undefined;
  /** Stands for the endpoint and the AccessKey ID: what is left to compare without an id. */
  readonly origin: string;
}

export interface AccountFinderOptions {
  readonly sts: Sts;
  readonly credentials: CredentialSource;
  /** Of KMS. */
  readonly endpoint: string;
  readonly clock: Clock;
}

/** STS may be out of reach where KMS is not, as inside a VPC: nobody waits longer for it. */
const PATIENCE_MS = 3_000;
/** How long nobody asks again where STS cannot be reached. A refusal is quick, and the next call may have other credentials. */
const FAILURE_MS = 60_000;
/** Sets of credentials that are remembered: sessions come and go. */
const MOST_REMEMBERED = 100;

/** Learns the account once for each AccessKey ID. The function rejects with `CredentialsError` only. */
export function accountFinder(options: AccountFinderOptions): (call: CallOptions) => Promise<Account> {
  const { sts, credentials, endpoint, clock } = options;
  const known = new Map<string, { readonly id: Promise<string | undefined>; readonly askAgainAt: number }>();

  const ask = (accessKeyId: string, { signal, traceparent }: CallOptions): Promise<string | undefined> => {
    const remember = (id: Promise<string | undefined>, askAgainAt: number): void => {
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(accessKeyId, { id, askAgainAt });
    };
    const asked = sts.getCallerIdentity({ signal, traceparent, deadline: clock.elapsed() + PATIENCE_MS }).then(
      ({ accountId }) => accountId,
      (error: unknown) => {
        const isAnswered = error instanceof RpcError && error.failure.kind === 'service';
        remember(Promise.resolve(undefined), clock.elapsed() + (isAnswered || signal?.aborted ? 0 : FAILURE_MS));
        return undefined;
      },
    );
    remember(asked, Number.POSITIVE_INFINITY);
    return asked;
  };

  return async (call) => {
    const { accessKeyId } = credentials.current?.() ?? (await credentials.get(call.signal));
    const found = known.get(accessKeyId);
    const id = found !== undefined && clock.elapsed() < found.askAgainAt ? found.id : ask(accessKeyId, call);
    return { id: await id, origin: digest([endpoint, accessKeyId]).slice(0, 22) };
  };
}

/** Whether both are the same account, as far as it can be known. */
export function isSameAccount(a: Account, b: Account): boolean {
  return a.id !== undefined && b.id !== undefined ? a.id === b.id : a.origin === b.origin;
}
