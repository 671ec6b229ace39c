import { afterEach } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js';

/** The key of the sample page. */
export const SAMPLE_KEY = '08c33a6f-4e0a-4a1b-a3fa-7ddf12345678';
/** The certificate of the sample page. */
export const SAMPLE_CERTIFICATE = '770dbe42-e146-43d1-a55a-1355db861234';

/** Gives a function that starts emulators; each is closed after the test that started it. */
export function emulators(): (options?: EmulatorOptions) => Promise<Emulator> {
  const running: Emulator[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((emulator) => emulator.close()));
  });
  return async (options = {}) => {
    const emulator = await startEmulator(options);
    running.push(emulator);
    return emulator;
  };
}
