// What `bench/http.ts` loads, one a process: this server, or the smallest one on the same SDK that sends the same
// signed call to KMS with bare undici, and neither checks, journals, retries nor explains anything.
//   bench/http-target.ts ours|ours-no-snapshot|bare ENDPOINT STATE_DIR
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { request } from 'undici';
import * as z from 'zod';
import { KMS_VERSION, kmsClient } from '../src/aliyun/kms/kms-client.js';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/cli/config.js';
import { staticCredentials } from '../src/credentials/source.js';
import { jsonLog } from '../src/http/log.js';
import { startHttpServer } from '../src/http/server.js';
import { rpcClient } from '../src/rpc/rpc-client.js';
import { signRequest } from '../src/rpc/signed-request.js';
import { undiciTransport } from '../src/rpc/transport.js';

const [, , kind = '', endpoint = '', stateDir = ''] = process.argv;
const credentials = { accessKeyId: 'testid', accessKeySecret: 'testsecret', source: 'bench' };

// So that `--cpu-prof` writes what it saw.
process.once('SIGINT', () => process.exit(0));
console.log(kind === 'bare' ? await bare() : await ours(kind === 'ours-no-snapshot'));

async function ours(noSnapshot: boolean): Promise<string> {
  const flags = ['--endpoint', endpoint, '--region', 'cn-hangzhou', '--state-dir', stateDir];
  const invocation = readConfig(['http', ...flags, ...(noSnapshot ? ['--no-snapshot'] : [])], {});
  if (!('values' in invocation)) throw new Error('not a server');
  const { deps } = await createApp(invocation.values, {});
  // As it is, but for the pace: it would hold every server to 28 writes a second, which is the quota of KMS.
  const rpc = rpcClient({
    origin: endpoint,
    version: KMS_VERSION,
    signature: 'v3',
    credentials: staticCredentials(credentials),
    transport: undiciTransport({ env: {}, loopback: true }),
    userAgent: 'bench',
    timeoutMs: 10_000,
  });
  const kms = kmsClient(rpc, 'cn-hangzhou');
  const { origin } = await startHttpServer({
    deps: { ...deps, kms: () => kms },
    profile: undefined,
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    allowedOrigins: [],
    verifiers: [],
    metadata: undefined,
    log: jsonLog('info', (line) => process.stderr.write(line)),
  });
  return `${origin}/mcp`;
}

async function bare(): Promise<string> {
  const inputSchema = z.strictObject({ KeyId: z.string(), TagKeys: z.array(z.string()) });
  const outputSchema = z.object({ RequestId: z.string() });
  const { host } = new URL(endpoint);
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'bare', version: '1.0.0' });
    server.registerTool('untag_resource', { inputSchema, outputSchema }, async ({ KeyId, TagKeys }) => {
      const parameters = { KeyId, TagKeys: JSON.stringify(TagKeys) };
      const call = { action: 'UntagResource', version: KMS_VERSION, parameters, userAgent: 'bench', timeoutMs: 10_000 };
      const signed = signRequest(
        { origin: endpoint, host, ...call },
        credentials,
        'v3',
        crypto.randomUUID(),
        Date.now(),
      );
      const reply = await request(`${endpoint}${signed.path}`, { method: 'POST', headers: [...signed.headers] });
      const structuredContent = outputSchema.parse(await reply.body.json());
      return { content: [{ type: 'text', text: structuredContent.RequestId }], structuredContent };
    });
    return server;
  });
  const node = toNodeHandler(handler);
  const server = createServer((incoming, response) => {
    const { method = 'POST', url = '/', headers } = incoming;
    const body = { [Symbol.asyncIterator]: () => incoming[Symbol.asyncIterator]() };
    void node({ method, url, headers, ...body }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/mcp` : '';
}
