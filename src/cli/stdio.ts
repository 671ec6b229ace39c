import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Assembly } from '../app.js';
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
  let assembly: Promise<Assembly> | undefined;
  const open = async () => {
    assembly ??= import('../app.js').then(({ assemble }) => assemble(values, env));
    try {
      return (await assembly).deps;
    } catch (error) {
      // The next call tries again.
      assembly = undefined;
      throw error;
    }
  };
  await new Promise<void>((resolve) => {
    const input = stdioInput((reply) => process.stdout.write(`${JSON.stringify(reply)}\n`));
    // The input is bounded already: the transport would end the program for a message that is too long.
    const transport = new StdioServerTransport(input, process.stdout, { maxBufferSize: Number.POSITIVE_INFINITY });
    const handle = serveStdio((context) => buildServer({ readOnly: values['read-only'], open }, context), {
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
  await (await assembly?.catch(() => undefined))?.close();
}
