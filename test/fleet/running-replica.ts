import { fileURLToPath } from 'node:url';
import type { Emulator } from '../../emulator/index.js';
import { TOKENS } from '../http/running-server.js';
import { type RunningProcess, startProcess } from './running-process.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface ReplicaOptions {
  readonly emulator: Emulator;
  readonly redisUrl: string;
  readonly port: number;
}

/** The built program, as an operator starts it; resolves when it says that it listens. */
export async function runningReplica({ emulator, redisUrl, port }: ReplicaOptions): Promise<RunningProcess> {
  const where = ['--endpoint', emulator.endpoint, '--region', emulator.regionId, '--port', String(port)];
  const replica = await startProcess(process.execPath, [PROGRAM, 'http', ...where], {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
    KMS_TAGS_HTTP_TOKENS: TOKENS,
    KMS_TAGS_STATE_KEY: 'the same key of 32 bytes on every replica',
    KMS_TAGS_JOURNAL: redisUrl,
  });
  while (!replica.output().includes('"listening"')) {
    if (replica.child.exitCode !== null) throw new Error(`the replica did not start:\n${replica.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return replica;
}
