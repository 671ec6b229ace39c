/** Answers of what can stand between a server and KMS: filters, gateways, portals, balancers. None of them is KMS. */
export const PROXY_ANSWERS = [
  'html-403',
  'html-404',
  'html-407',
  'html-429',
  'html-502',
  'redirect-302',
  'redirect-307',
  'portal-200',
  'empty-200',
  'empty-204',
  'empty-403',
  'json-403',
  'json-400-coded',
  'json-403-kept-header',
  'json-200-bare',
  'success-false-200',
  'failed-status-200',
  'throttled-503',
  'denied-503',
  'text-500',
] as const;
export type ProxyAnswer = (typeof PROXY_ANSWERS)[number];

interface Written {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `requestId`: of KMS's own answer, where KMS gave one; some proxies keep its headers. */
export function answerOf(answer: ProxyAnswer, requestId: string | string[] | undefined): Written {
  const id = typeof requestId === 'string' ? requestId : '1b2c3d4e-0000-4000-8000-000000000000';
  switch (answer) {
    case 'html-403':
    case 'html-404':
    case 'html-407':
    case 'html-429':
    case 'html-502':
      return page(
        Number(answer.slice(5)),
        '<html><head><title>Blocked</title></head><body>Request blocked.</body></html>',
      );
    case 'redirect-302':
    case 'redirect-307':
      return { status: Number(answer.slice(9)), headers: { location: 'http://127.0.0.1:9/login' }, body: '' };
    case 'portal-200':
      return page(200, '<!doctype html><html><body>Sign in to the network.</body></html>');
    case 'empty-200':
    case 'empty-204':
    case 'empty-403':
      return { status: Number(answer.slice(6)), headers: {}, body: '' };
    case 'json-403':
      return json(403, { error: { status: 403, message: 'Forbidden' } });
    case 'json-400-coded':
      return json(400, { code: 'InvalidParameter', message: 'rejected by policy' });
    case 'json-403-kept-header':
      return json(403, { Code: 'Forbidden.Filter', Message: 'rejected by policy' }, { 'x-acs-request-id': id });
    case 'json-200-bare':
      return json(200, {});
    case 'success-false-200':
      return json(200, { RequestId: id, Success: false, Message: 'not done' });
    case 'failed-status-200':
      return json(200, { RequestId: id, HttpStatusCode: 500, Success: 'false' });
    case 'throttled-503':
      return json(503, { HttpStatus: 503, Code: 'Throttling.User', Message: 'Too many requests.', RequestId: id });
    case 'denied-503':
      return json(503, { HttpStatus: 503, Code: 'Forbidden.NoPermission', Message: 'Not you.', RequestId: id });
    case 'text-500':
      return { status: 500, headers: { 'content-type': 'text/plain' }, body: 'upstream connect error' };
  }
}

function page(status: number, body: string): Written {
  return { status, headers: { 'content-type': 'text/html' }, body };
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Written {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
