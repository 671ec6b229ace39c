/** Where a request is sent to, by its first line. */
export interface Target {
  /** Without query, and without a slash at the end. */
  readonly path: string;
  /** Host and port, where the target is a whole URL (RFC 9112 section 3.2.2). */
  readonly authority: string | undefined;
}

/** Reads the target of a request: `/mcp?x=1`, `http://127.0.0.1:3000/mcp`, or `*`. */
export function readTarget(url: string | undefined = ''): Target {
  const [, authority, rest = url] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  const path = rest.split(/[?#]/, 1)[0] ?? '';
  return { path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path, authority };
}
