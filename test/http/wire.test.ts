import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectClient } from './mcp-clients.js';
import {
  ALICE,
  exchange,
  KEY_ID,
  MODERN_META,
  modernHeaders,
  post,
  runningServer,
  statusOf,
  type TestServer,
} from './running-server.js';

let server: TestServer;
let host: string;
beforeAll(async () => {
  server = await runningServer();
  host = new URL(server.origin).host;
});
afterAll(() => server.close());

const ERAS = ['legacy', 'modern'] as const;
type Era = (typeof ERAS)[number];

/** A call that changes nothing, as a client of either era writes it. */
function listCall(era: Era, more: Readonly<Record<string, unknown>> = {}): string {
  const _meta = { ...(era === 'modern' ? MODERN_META : {}), ...more };
  const params = { name: 'list_resource_tags', arguments: { KeyId: KEY_ID }, _meta };
  return JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params });
}

function headersOf(era: Era): Readonly<Record<string, string>> {
  return era === 'modern' ? modernHeaders('list_resource_tags') : {};
}

function headLines(...more: readonly string[]): string[] {
  return [`Authorization: Bearer ${ALICE}`, 'Content-Type: application/json', ...more];
}

/** Sends one call over a connection of its own, which the client asks to close. */
function call(first: string, hosts: readonly string[], body: string | Buffer = listCall('legacy')): Promise<string> {
  const hostLines = hosts.map((name) => `Host: ${name}`);
  return exchange(server.origin, [first, ...hostLines, ...headLines('Connection: close')], body);
}

describe('Accept', () => {
  const BOTH = 'application/json, text/event-stream';

  describe.each(ERAS)('of a client of the %s era', (era) => {
    const ask = (accept: string | undefined): Promise<string> =>
      exchange(
        server.origin,
        [
          'POST /mcp HTTP/1.1',
          `Host: ${host}`,
          ...headLines('Connection: close'),
          ...Object.entries(headersOf(era)).map(([name, value]) => `${name}: ${value}`),
          ...(accept === undefined ? [] : [`Accept: ${accept}`]),
        ],
        listCall(era),
      );

    it.each([
      undefined,
      '',
      '*/*',
      '*/*;q=0.1',
      'application/json',
      'Application/JSON',
      'application/*',
      'application/json;q=0.5, text/html',
      'application/json; charset=utf-8',
      'text/html, image/gif, *; q=.2, */*; q=.2',
      'application/json, text/event-stream;q=0',
      '*/*, text/event-stream; q=0.0',
    ])('is answered in JSON where no event stream is asked for: %j', async (accept) => {
      const answer = await ask(accept);
      expect(statusOf(answer)).toBe(200);
      expect(answer).toMatch(/^content-type: application\/json/im);
      expect(answer).toMatch(/"id":7/);
      expect(answer).toContain('tagvalue1');
    });

    it.each([
      BOTH,
      BOTH.toUpperCase(),
      'text/event-stream',
      'text/*',
      'Text/Event-Stream;q=0.9,application/json;q=1',
      'application/json;q=0, */*',
    ])('is served where an event stream may come: %j', async (accept) => {
      const answer = await ask(accept);
      expect(statusOf(answer)).toBe(200);
      expect(answer).toContain('tagvalue1');
    });

    it.each(['text/html', 'image/*', 'application/json;q=0', '*/*;q=0', 'json', 'application/jsonp'])(
      'is refused with 406 where neither form may come: %j',
      async (accept) => {
        expect(statusOf(await ask(accept))).toBe(406);
      },
    );
  });

  it.each(ERAS)('of JSON alone is honoured for a call with progress, on the %s era', async (era) => {
    const reply = await post(server.url, {
      token: ALICE,
      headers: { accept: 'application/json', ...headersOf(era) },
      body: listCall(era, { progressToken: 1 }),
    });
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await reply.json()).toMatchObject({ id: 7, result: { structuredContent: { RegionId: 'cn-hangzhou' } } });
  });

  it('without event streams gets no stream of changes', async () => {
    const params = { notifications: { toolsListChanged: true }, _meta: MODERN_META };
    const reply = await post(server.url, {
      token: ALICE,
      headers: {
        accept: 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'subscriptions/listen', params }),
    });
    expect(reply.status).toBe(406);
  });
});

describe('Content-Type', () => {
  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
  ])('of %s is served', async (type) => {
    expect(
      (await post(server.url, { token: ALICE, headers: { 'content-type': type }, body: listCall('legacy') })).status,
    ).toBe(200);
  });
});

describe('Host', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'localhost:3000',
    'localhost:',
    'localhost.',
    'localhost.:80',
    '127.0.0.1',
    '[::1]',
    '[::1]:3000',
    '[0:0:0:0:0:0:0:1]',
  ])('of %s is a name of this server', async (name) => {
    expect(statusOf(await call('POST /mcp HTTP/1.1', [name]))).toBe(200);
  });

  it.each([
    ['evil@localhost'],
    ['localhost@evil.example'],
    ['user:secret@localhost'],
    ['localhost/mcp'],
    ['localhost?x'],
    ['localhost#x'],
    ['localhost\\x'],
    ['localhost:99999'],
    ['localhost:8a'],
    ['localhost..'],
    ['.localhost'],
    ['localhost, localhost'],
    ['localhost evil.example'],
    ['%6cocalhost'],
    ['[::1'],
    ['::1'],
    ['[::2]'],
    ['[::1%25lo]'],
    ['evil.example.'],
    ['*'],
    [''],
    ['localhost', 'localhost'],
    ['localhost', 'evil.example'],
  ])('of %j is refused, never a 500', async (...names) => {
    expect(statusOf(await call('POST /mcp HTTP/1.1', names))).toBe(403);
  });

  it('must be there', async () => {
    expect(statusOf(await call('POST /mcp HTTP/1.1', []))).toBe(400);
    expect(statusOf(await call('POST /mcp HTTP/1.0', []))).toBe(403);
  });
});

describe('the target of a request', () => {
  it.each(['/mcp', '/mcp/', '/mcp?x=1', '/mcp/?x=http://y/', 'http://127.0.0.1/mcp', 'HTTP://localhost:99/mcp/?x'])(
    'may be %s',
    async (target) => {
      expect(statusOf(await call(`POST ${target} HTTP/1.1`, [host]))).toBe(200);
    },
  );

  it.each([
    ['http://evil.example/mcp', 403],
    ['http://evil@localhost/mcp', 403],
    ['http:///mcp', 403],
    ['ftp://localhost/mcp', 404],
    ['http://localhost', 404],
    ['/mcp//', 404],
    ['//localhost/mcp', 404],
    ['/MCP', 404],
    ['*', 404],
  ])('is refused as %s with %i', async (target, status) => {
    expect(statusOf(await call(`POST ${target} HTTP/1.1`, [host]))).toBe(status);
  });

  it('may be a whole URL only where Host is a name of this server, too', async () => {
    expect(statusOf(await call('POST http://localhost/mcp HTTP/1.1', ['evil.example']))).toBe(403);
  });

  it.each([
    ['GET /healthz/', 200],
    ['HEAD /healthz', 200],
    ['HEAD http://localhost/readyz?x', 200],
    ['OPTIONS *', 204],
    ['OPTIONS /mcp', 405],
    ['HEAD /mcp', 405],
    ['TRACE /mcp', 405],
    ['GET *', 404],
  ])('is answered for %s with %i', async (start, status) => {
    const answer = await exchange(server.origin, [`${start} HTTP/1.1`, `Host: ${host}`, 'Connection: close']);
    expect(statusOf(answer)).toBe(status);
    if (start.startsWith('HEAD')) expect(answer).toMatch(/\r\n\r\n$/);
  });
});

describe('a body', () => {
  const tools = (more: string): string => `{"jsonrpc":"2.0","id":7,"method":"tools/list"${more}}`;
  const deep = (open: string, close: string): string => `${open.repeat(100_000)}1${close.repeat(100_000)}`;

  it.each([
    ['after a byte order mark', `\uFEFF${tools('')}`],
    ['with params of null', tools(',"params":null')],
    ['with _meta of null', tools(',"params":{"_meta":null}')],
    ['with a key twice', tools(',"id":7,"params":{},"params":{}')],
    ['with members that nobody knows', tools(',"trace":1,"result":{}')],
    ['with blanks and line ends around it', `\r\n\t ${tools('')} \r\n`],
  ])('is served %s', async (_, body) => {
    const reply = await post(server.url, { token: ALICE, headers: { accept: 'application/json' }, body });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toHaveProperty('result.tools');
  });

  it.each<[string, string, number, unknown]>([
    ['arrays 100,000 deep', tools(`,"params":{"a":${deep('[', ']')}}`), -32_600, 7],
    ['objects 100,000 deep', tools(`,"params":${deep('{"a":', '}')}`), -32_600, 7],
    ['a deep member that nobody knows', tools(`,"x":${deep('[', ']')}`), -32_600, 7],
    ['nothing but depth', deep('{"a":', '}'), -32_600, null],
    ['a deep batch', deep('[', ']'), -32_600, null],
    ['a depth that never ends', '['.repeat(500_000), -32_700, null],
    ['NaN', tools(',"params":{"a":NaN}'), -32_700, null],
    ['a comma too many', tools(','), -32_700, null],
    ['two byte order marks', `\uFEFF\uFEFF${tools('')}`, -32_700, null],
    ['a number', '1e999', -32_600, null],
    ['null', 'null', -32_600, null],
    ['false', 'false', -32_600, null],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32_600, null],
    ['an id of a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}', -32_600, 1.5],
    ['params of an array', tools(',"params":[1]'), -32_602, 7],
    ['params of a string', tools(',"params":"{}"'), -32_602, 7],
    ['_meta of an array', tools(',"params":{"_meta":[]}'), -32_602, 7],
    ['__proto__ for a member', '{"__proto__":{"jsonrpc":"2.0","id":7,"method":"tools/list"}}', -32_600, null],
  ])('is refused with 400 and its id: %s', async (_, body, code, id) => {
    const reply = await post(server.url, { token: ALICE, body });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ id, error: { code } });
  });

  it('of a notification that looks like a request is answered, and of a request without id is not', async () => {
    const asRequest = '{"jsonrpc":"2.0","id":7,"method":"notifications/cancelled","params":{"requestId":7}}';
    expect(await (await post(server.url, { token: ALICE, body: asRequest })).text()).toContain('"code":-32601');
    const withoutId = await post(server.url, { token: ALICE, body: '{"jsonrpc":"2.0","method":"tools/list"}' });
    expect([withoutId.status, await withoutId.text()]).toEqual([202, '']);
  });
});

describe('headers that are too large', () => {
  it('are answered 431 and leave a line in the log, without what was sent', async () => {
    const answer = await exchange(server.origin, [
      'POST /mcp HTTP/1.1',
      `Host: ${host}`,
      `X: ${'secret'.repeat(5_000)}`,
    ]);
    expect(statusOf(answer)).toBe(431);
    expect(server.log.at(-1)).toMatchObject({ event: 'request', status: 431, refused: 'HPE_HEADER_OVERFLOW' });
    expect(server.logText()).not.toContain('secretsecret');
  });

  it.each(['no HTTP', 'GET / HTTP/9.9', 'POST /mcp HTTP/1.1\r\nContent-Length: x'])(
    'or cannot be read are answered 400, with a line: %j',
    async (line) => {
      expect(statusOf(await exchange(server.origin, [line]))).toBe(400);
      expect(server.log.at(-1)).toMatchObject({ event: 'request', status: 400, refused: /^HPE_/ });
    },
  );
});

describe.each(ERAS)('a connection of the %s era', (era) => {
  it.each(['application/json', 'application/json, text/event-stream'])(
    'is closed when the client asks for it, with Accept: %s',
    async (accept) => {
      const lines = Object.entries({ accept, ...headersOf(era) }).map(([name, value]) => `${name}: ${value}`);
      // `exchange` waits for the end of the connection.
      const answer = await exchange(
        server.origin,
        ['POST /mcp HTTP/1.1', `Host: ${host}`, ...headLines(...lines, 'Connection: close')],
        listCall(era, { progressToken: 1 }),
      );
      expect(answer).toMatch(/^connection: close\r$/im);
      expect(answer).not.toMatch(/keep-alive/i);
      expect(answer).toContain('tagvalue1');
    },
  );

  it('is kept for the next call when nobody asks otherwise', async () => {
    const lines = Object.entries(headersOf(era)).map(([name, value]) => `${name}: ${value}`);
    const body = listCall(era);
    const head = ['POST /mcp HTTP/1.1', `Host: ${host}`, ...headLines('Accept: application/json', ...lines)];
    const first = [...head, `Content-Length: ${body.length}`, '', body].join('\r\n');
    const answer = await exchange(server.origin, [`${first}${head.join('\r\n')}`, 'Connection: close'], body);
    expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  });
});

it('serves the clients of both SDKs at /mcp/', async () => {
  for (const kind of ['v1', 'v2-legacy', 'v2-modern'] as const) {
    const client = await connectClient(kind, `${server.url}/`, ALICE);
    expect(await client.toolNames()).toContain('untag_resource');
    await client.close();
  }
});
