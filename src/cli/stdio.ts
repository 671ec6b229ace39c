import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { App } from '../app.js';
import { defaultRegionOf } from '../default-region.js';
import { buildServer } from '../mcp/server.js';
import type { OptionValues } from './options.js';
import { stdioInput } from './stdio-input.js';

/** How long the end may take before the process goes anyway. */
const GRACE_MS = 5_000;

/**
 * Serves MCP over stdin and stdout, both protocol eras. Resolves when the client is gone or the process is told to
 * stop; running requests are aborted, and can be undone from the journal. What a call needs is loaded with the first
 * one.
 */
export async function serveOnStdio(
  values: OptionValues,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  let app: Promise<App> | undefined;
  const open = async () => {
    app ??= import('../app.js').then(({ createApp }) => createApp(values, env));
    try {
      return (await app).deps;
    } catch (error) {
      // The next call tries again.
      app = undefined;
      throw error;
    }
  };
  const source = { readOnly: values['read-only'], defaultRegion: defaultRegionOf(values), profile: values.profile };
  await new Promise<void>((resolve) => {
    const input = stdioInput((reply) => process.stdout.write(`${JSON.stringify(reply)}\n`));
    // The input is bounded already: the transport would end the program for a message that is too long.
    const transport = new StdioServerTransport(input, process.stdout, { maxBufferSize: Number.POSITIVE_INFINITY });
    const handle = serveStdio((context) => buildServer({ ...source, open }, context), {
      transport,
      onerror: (error) => process.stderr.write(`protocol error: ${error.name}\n`),
    });
    const stop = (): void => {
      // A socket or a timer that refuses to end must not leave a process behind.
      setTimeout(() => process.exit(0), GRACE_MS).unref();
      handle.close().then(resolve, resolve);
    };
    // It closes itself when its input ends.
    const { onclose } = transport;
    transport.onclose = () => {
      onclose?.();
      stop();
    };
    process.stdin.once('error', stop).once('close', () => input.end());
    process.stdin.pipe(input);
    process.stdout.once('error', stop);
    process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);
  });
  await (await app?.catch(() => undefined))?.close();
}
