import type { Identity } from './lookup.js';
import { errorCode } from './text-file.js';

/** What a failed identity means when nothing more exact is known. */
const GENERAL: Readonly<Record<Identity['kind'], string>> = {
  key: 'its AccessKey cannot be used',
  'RAM role': 'the Security Token Service gave no session for the role',
  'OIDC role': 'the Security Token Service gave no session for the OIDC token',
  'ECS RAM role': 'the ECS metadata service gave no credentials of a role',
  'credentials URI': 'the reply holds no usable credentials (AccessKeyId, AccessKeySecret, SecurityToken, Expiration)',
  'CLI login': 'it gave no session: sign in again with `aliyun configure`, or check its command',
};

/** Kinds whose remote side is Alibaba's STS, so that a `Code` in its reply is an error code and nothing else. */
const ASKS_STS: ReadonlySet<Identity['kind']> = new Set(['RAM role', 'OIDC role']);

/**
 * Says in our own words why an official provider failed. Its messages hold whole replies and files, secrets included,
 * so nothing of a message is passed on but an HTTP status and an STS error code, both by strict pattern.
 */
export function explainFailure(error: unknown, kind: Identity['kind']): string {
  if (!(error instanceof Error)) return GENERAL[kind];
  const code = errorCode(error);
  if (kind === 'OIDC role' && (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')) {
    return `the OIDC token file cannot be read (${code})`;
  }
  if (error.name === 'RequestTimeoutError') return 'no answer in time';
  if (code !== undefined) return `the service cannot be reached (${code})`;
  if (error.message === 'the access key secret is invalid') return 'the AccessKey secret is not the right one';
  const status = /\bhttpStatus: (\d{3})\b/.exec(error.message)?.[1];
  if (status !== undefined) return `the answer was HTTP ${status}`;
  const stsCode = /"Code"\s*:\s*"([A-Z][A-Za-z]{2,40}(?:\.[A-Z][A-Za-z]{2,40}){0,2})"/.exec(error.message)?.[1];
  if (stsCode !== undefined && ASKS_STS.has(kind)) return `the Security Token Service refused: ${stsCode}`;
  return GENERAL[kind];
}
