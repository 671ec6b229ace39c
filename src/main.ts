#!/usr/bin/env node
import { assemble } from './assembly.js';
import { ConfigError, type Invocation, readConfig } from './config/config.js';

/** Exit status of a start-up error. */
const USAGE = 2;

async function main(): Promise<number> {
  const invocation = configuration();
  if (invocation === undefined) return USAGE;
  switch (invocation.command) {
    case 'help': {
      const { helpText } = await import('./config/help.js');
      process.stdout.write(helpText());
      return 0;
    }
    case 'version': {
      const { VERSION } = await import('./version.js');
      process.stdout.write(`${VERSION}\n`);
      return 0;
    }
    case 'stdio': {
      const { serveOnStdio } = await import('./serve/stdio.js');
      await serveOnStdio(await assemble(invocation.values, process.env));
      return 0;
    }
    case 'http': {
      const { serveOverHttp } = await import('./serve/http.js');
      return serveOverHttp(invocation.values, process.env);
    }
    default:
      throw new Error(`not yet: ${invocation.command}`);
  }
}

function configuration(): Invocation | undefined {
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`alicloud-kms-tags-mcp: ${error.message}\n`);
    return undefined;
  }
}

process.exit(await main());
