/** Bounds on what one process serves. Times are in milliseconds. */
export interface Limits {
  /** Body of a request, in bytes; a longer one is answered 413. */
  readonly bodyBytes: number;
  /** From the connection to the end of the headers, then 408; also closes sockets that never send anything. */
  readonly headersMs: number;
  /** From the connection to the end of the body, then 408. */
  readonly receiveMs: number;
  /** From the request to the end of its answer. A tool call ends before, by its own deadline. */
  readonly answerMs: number;
  /** A connection without a request is closed after this. */
  readonly idleMs: number;
  /** How often the times above are checked. */
  readonly checkMs: number;
  /** Requests at a time; one more is answered 503. */
  readonly requests: number;
  /** Open streams of `subscriptions/listen`; they hold no place among the requests. */
  readonly streams: number;
  /** Open connections; one more is closed at once. */
  readonly sockets: number;
  /** After SIGTERM: how long new connections are still taken, for a load balancer to see that `/readyz` fails. */
  readonly lameDuckMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 1024 * 1024,
  headersMs: 10_000,
  receiveMs: 30_000,
  answerMs: 55_000,
  // Longer than nginx keeps its end (60 s), so that no request is sent into a connection that is just being closed.
  idleMs: 75_000,
  checkMs: 1_000,
  requests: 256,
  streams: 128,
  sockets: 4_096,
  lameDuckMs: 2_000,
};
