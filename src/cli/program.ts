import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from './config.js';
import { serveOnStdio } from './stdio.js';

/** Exit status of a start-up error. */
const USAGE = 2;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs one command; resolves with the exit status. Whatever a command alone needs is loaded by it. */
async function main(): Promise<number> {
  const invocation = readConfig(process.argv.slice(2), process.env);
  switch (invocation.command) {
    case 'stdio': {
      await serveOnStdio(invocation.values, process.env);
      return 0;
    }
    case 'http': {
      const { serveOverHttp } = await import('./http.js');
      return serveOverHttp(invocation.values, process.env);
    }
    case 'emulator': {
      const { runEmulator } = await import('./emulator.js');
      await runEmulator(invocation.values, print);
      return 0;
    }
    case 'demo': {
      const { runDemo } = await import('./demo.js');
      await runDemo(fileURLToPath(new URL('./main.js', import.meta.url)), print);
      return 0;
    }
    case 'help': {
      const { helpText } = await import('./help.js');
      print(helpText());
      return 0;
    }
    case 'version': {
      const { VERSION } = await import('../base/version.js');
      print(VERSION);
      return 0;
    }
  }
}

async function run(): Promise<number> {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`alicloud-kms-tags-mcp: ${error.message}\n`);
    return USAGE;
  }
}

process.exit(await run());
