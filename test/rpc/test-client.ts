import { onTestFinished } from 'vitest';
import { staticCredentials } from '../../src/credentials/source.js';
import { type RpcClient, type RpcClientOptions, rpcClient } from '../../src/rpc/rpc-client.js';
import { RpcError } from '../../src/rpc/rpc-error.js';
import { type Transport, undiciTransport } from '../../src/rpc/transport.js';

/** A transport for one test. */
export function transportForOneTest(env: Readonly<Record<string, string>> = {}, loopback = true): Transport {
  const transport = undiciTransport({ env, loopback });
  onTestFinished(() => transport.close());
  return transport;
}

/** Waits between attempts that a test can afford. */
export const QUICK = { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 2 } as const;

/** A client as the program makes it, with the emulator's key and short waits. */
export function testClient(origin: string, options: Partial<RpcClientOptions> = {}): RpcClient {
  return rpcClient({
    origin,
    version: '2016-01-20',
    signature: 'v3',
    credentials: staticCredentials({ accessKeyId: 'testid', accessKeySecret: 'testsecret' }),
    transport: options.transport ?? transportForOneTest(),
    userAgent: 'test',
    timeoutMs: 2_000,
    retry: QUICK,
    ...options,
  });
}

/** The error that a call ends with. Throws when it succeeds, or fails in any other way. */
export async function failureOf(call: Promise<unknown>): Promise<RpcError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}
