// The program, with less time for a person's answer than it really gives.
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createApp } from '../../src/app.js';
import { readConfig } from '../../src/cli/config.js';
import { buildServer } from '../../src/mcp/server.js';
import { tokenSigner } from '../../src/mcp/signed-token.js';

const SHORT_MS = 400;

const invocation = readConfig(process.argv.slice(2), process.env);
if (!('values' in invocation)) throw new Error('not a server');
const { deps } = await createApp(invocation.values, process.env);
const tokens = tokenSigner('0123456789abcdef0123456789abcdef', SHORT_MS, Date.now);
const { readOnly, defaultRegion } = deps;
const source = {
  readOnly,
  defaultRegion,
  profile: undefined,
  open: async () => ({ ...deps, tokens, answerMs: SHORT_MS }),
};
serveStdio((context) => buildServer(source, context));
