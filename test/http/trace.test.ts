import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KEY_ID, post, runningServer, type TestServer, untagBody } from './running-server.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

let kms: Server;
let server: TestServer;
const received: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  // KMS as far as this is about: what reaches it, headers and all.
  kms = createServer((request, response) => {
    received.push(request.headers);
    response.end('{"RequestId":"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"}');
  }).listen(0, '127.0.0.1');
  await once(kms, 'listening');
  const address = kms.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server = await runningServer(['--no-snapshot'], { KMS_TAGS_ENDPOINT: `http://127.0.0.1:${address.port}` });
});
afterAll(async () => {
  await server.close();
  kms.close();
});

const inMeta = (traceparent: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'untag_resource', arguments: { KeyId: KEY_ID, TagKeys: ['a'] }, _meta: { traceparent } },
  });

it.each([
  ['a header', { headers: { traceparent: TRACEPARENT }, body: untagBody() }],
  ['_meta', { body: inMeta(TRACEPARENT) }],
])('carries the trace on to KMS and into the log: from %s', async (_, request) => {
  const reply = await post(server.url, request);
  expect(await reply.text()).toContain('RequestId');
  expect(received.at(-1)?.['traceparent']).toBe(TRACEPARENT);
  await expect.poll(() => server.log.at(-1)).toMatchObject({ traceId: TRACE_ID, outcome: 'ok' });
});

it.each(['', 'x', `${TRACEPARENT}\\r\\nx: y`, `ff${TRACEPARENT.slice(2)}`, TRACEPARENT.toUpperCase()])(
  'drops what is no trace: %j',
  async (traceparent) => {
    await post(server.url, { body: inMeta(traceparent) });
    expect(received.at(-1)).not.toHaveProperty('traceparent');
  },
);
