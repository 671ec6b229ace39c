import { readFile } from 'node:fs/promises';
import { type EmulatorOptions, parseAccountData, parseFaultSpec, startEmulator } from '../../emulator/index.js';
import { ConfigError } from './config.js';
import type { OptionValues } from './options.js';

/**
 * Runs the emulator on its own until the process is told to stop. `print` gets one JSON line with where and how to
 * reach it; the secret in it is the emulator's own. Throws `ConfigError` for options that do not hold up.
 */
export async function runEmulator(values: OptionValues, print: (line: string) => void): Promise<void> {
  const emulator = await startEmulator(await optionsOf(values));
  const { endpoint, accessKeyId, accessKeySecret, regionId, accountId } = emulator;
  print(JSON.stringify({ endpoint, accessKeyId, accessKeySecret, regionId, accountId }));
  await new Promise<void>((resolve) => {
    const stop = (): void => resolve();
    process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);
  });
  await emulator.close();
}

async function optionsOf(values: OptionValues): Promise<EmulatorOptions> {
  const { port, region, keys, data, faults } = values;
  const securityToken = values['security-token'];
  return {
    accessKeyId: values['access-key-id'],
    accessKeySecret: values['access-key-secret'],
    quota: values.quota,
    ...(port === undefined ? {} : { port }),
    ...(region === undefined ? {} : { regionId: region }),
    ...(securityToken === undefined ? {} : { securityToken }),
    ...(keys === undefined ? {} : { keys }),
    ...(data === undefined
      ? {}
      : { data: await checked('--data', async () => parseAccountData(await readFile(data, 'utf8'))) }),
    ...(faults === undefined ? {} : { faults: await checked('--faults', async () => parseFaultSpec(faults)) }),
  };
}

async function checked<Value>(flag: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw new ConfigError(`${flag}: ${error instanceof Error ? error.message : 'is not valid'}`);
  }
}
