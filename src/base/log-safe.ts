/** What may be logged of an unexpected error: its name and where it came from. A message may quote a secret. */
export function logSafe(error: unknown): { readonly name: string; readonly stack: readonly string[] } {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name: error.name, stack: frames.slice(0, 5).map((frame) => frame.trim()) };
}
