import { inspect } from 'node:util';

/** Secrets that must never leave the process; they change under URL encoding and base64. */
export const CANARY = {
  id: 'LTAI5tCanaryKeyId000',
  secret: 'Canary/Secret+Zq9Xw7Rk3==',
  token: 'CAISCanary/Token+Lm5Vb8Nt2==',
};

/** Which canaries `text` holds, in plain, URL-encoded, JSON-escaped, hex or base64 form at any offset. */
export function canariesIn(text: string): string[] {
  return [CANARY.secret, CANARY.token].filter((secret) => formsOf(secret).some((form) => text.includes(form)));
}

/** Everything that could be printed of a thrown value: message, stack, causes, JSON, hidden properties. */
export function everythingOf(thrown: unknown): string {
  const parts = [String(thrown), inspect(thrown, { depth: 10, showHidden: true }), JSON.stringify(thrown)];
  if (thrown instanceof Error) parts.push(thrown.message, thrown.stack ?? '', everythingOf(thrown.cause ?? null));
  return parts.join('\n');
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Base64 depends on the offset within the surrounding text; the inner characters of each alignment do not.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(4, -4),
  );
  return [
    secret,
    // A half is found as well: some parsers quote only the beginning or the end of what they read.
    secret.slice(0, 12),
    secret.slice(-12),
    encodeURIComponent(secret),
    secret.replaceAll('/', '\\/'),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}
