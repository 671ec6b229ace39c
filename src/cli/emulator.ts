import { readFile } from 'node:fs/promises';
import { type EmulatorOptions, parseAccountData, parseFaultSpec, startEmulator } from '../../emulator/index.js';
import { ConfigError } from './config.js';
import type { OptionValues } from './options.js';

/**
 * Runs the emulator on its own until the process is told to stop. `print` gets one JSON line with where and how to
 * reach it; the secret in it is the emulator's own. Throws `ConfigError` for options that do not hold up.
 */
export async function runEmulator(values: OptionValues, print: (line: string) => void): Promise<void> {
  const options = await optionsOf(values);
  const emulator = await checked('emulator', () => startEmulator(options));
  // Whoever reads the line may stop the program at once.
  const stopped = new Promise<void>((resolve) => {
    const stop = (): void => resolve();
    process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);
  });
  const { endpoint, endpoints, accessKeyId, accessKeySecret, regionId, accountId } = emulator;
  const several = Object.keys(endpoints).length > 1 ? { endpoints } : {};
  print(JSON.stringify({ endpoint, accessKeyId, accessKeySecret, regionId, accountId, ...several }));
  await stopped;
  await emulator.close();
}

async function optionsOf(values: OptionValues): Promise<EmulatorOptions> {
  const { port, region = 'cn-hangzhou', keys, faults } = values;
  const securityToken = values['security-token'];
  const file = values.data;
  const data =
    file === undefined
      ? undefined
      : await checked('--data', async () => parseAccountData(await readFile(file, 'utf8')));
  return {
    regions: values.regions ?? [...new Set([region, ...Object.keys(data?.regions ?? {})])],
    accessKeyId: values['access-key-id'],
    accessKeySecret: values['access-key-secret'],
    quota: values.quota,
    ...(port === undefined ? {} : { port }),
    ...(securityToken === undefined ? {} : { securityToken }),
    ...(keys === undefined ? {} : { keys }),
    ...(data === undefined ? {} : { data }),
    ...(faults === undefined ? {} : { faults: await checked('--faults', async () => parseFaultSpec(faults)) }),
  };
}

/** Whatever `read` fails with is a start-up error of the flag. */
async function checked<Value>(flag: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw new ConfigError(`${flag}: ${error instanceof Error ? error.message : 'is not valid'}`);
  }
}
