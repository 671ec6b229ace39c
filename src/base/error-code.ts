/**
 * The code of a system or library error (`ENOENT`, `ECONNREFUSED`, `UND_ERR_SOCKET`), or undefined. A code never holds
 * data; a message may hold a path, a URL or a whole request, so it is never passed on.
 */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code) ? error.code : undefined;
}
