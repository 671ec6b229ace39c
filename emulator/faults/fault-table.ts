/** What can be made to go wrong, in the order in which probabilities are laid out: a new kind goes to the end. */
export const faultKinds = [
  'throttle429',
  'throttle400',
  'error500',
  'error503',
  'slow',
  'drop-before',
  'drop-after',
  'truncate',
  'html',
  'proxy403',
  'proxy302',
  'json403',
  'throttle503',
  'success-false',
  'stale',
  'repeat-token',
  'wrong-count',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultLine {
  /** Whether the request is carried out all the same. */
  readonly acts: boolean;
  /** Whether the reply is somebody else's, or none, so that the log cannot name the service's own outcome. */
  readonly hidesOutcome?: true;
  /** What the client sees. */
  readonly answer: string;
}

/** Each kind: whether the request is carried out, and what is answered. The README's table is made of it. */
export const faultTable: Readonly<Record<FaultKind, FaultLine>> = {
  throttle429: { acts: false, answer: 'KMS’s `Rejected.Throttling`, HTTP 429' },
  throttle400: { acts: false, answer: 'the gateway’s `Throttling.User`, HTTP 400' },
  error500: { acts: false, answer: 'KMS’s `InternalFailure`, HTTP 500' },
  error503: { acts: false, answer: 'KMS’s `ServiceUnavailableTemporary`, HTTP 503' },
  slow: { acts: true, answer: 'the right one, `slow-ms` late (300)' },
  'drop-before': { acts: false, hidesOutcome: true, answer: 'none: the connection is reset' },
  'drop-after': { acts: true, hidesOutcome: true, answer: 'none: the connection is reset' },
  truncate: { acts: true, hidesOutcome: true, answer: 'half the body, with a Content-Length that fits it' },
  html: { acts: false, hidesOutcome: true, answer: 'a proxy’s 502 page' },
  proxy403: { acts: true, hidesOutcome: true, answer: 'a filtering proxy’s page, HTTP 403' },
  proxy302: { acts: true, hidesOutcome: true, answer: 'a proxy’s redirect to a log-in page' },
  json403: { acts: true, hidesOutcome: true, answer: 'HTTP 403 with JSON that is not KMS’s and has no `RequestId`' },
  throttle503: { acts: true, hidesOutcome: true, answer: '`Rejected.Throttling`, but HTTP 503' },
  'success-false': { acts: false, hidesOutcome: true, answer: 'HTTP 200 with `"Success":false`' },
  stale: {
    acts: true,
    answer: 'the right one; after a change of tags, reads answer for `stale-ms` (300) as if it had not been made',
  },
  'repeat-token': {
    acts: true,
    answer: 'of ListTagResources and ListPolicies: a `NextToken` or `Marker` that leads to the same page again',
  },
  'wrong-count': { acts: true, answer: 'a list’s `TotalCount` as `"1e11"` or `-1`, by turns' },
};
