/**
 * A W3C `traceparent`, or undefined for anything else: it goes on as a header, so nothing else may pass.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function readTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : undefined;
}
