import { quote } from '../../base/quote.js';
import type { ConnectionTrouble } from '../../rpc/connection-trouble.js';
import type { Permission } from '../../rpc/rpc-error.js';

/** Filled in where the permission is known. */
const PERMISSION = 'Ask for a RAM policy that allows this action on this resource; the README has one.';

/**
 * One next step for each error code of KMS and of its gateway. Keys are codes; a trailing `*` matches a family.
 * Source: help page "Common error codes", the API Error Center, and replies seen in public issues.
 */
const HINTS: Readonly<Record<string, string>> = {
  'Forbidden.KeyNotFound':
    'Check the key ID and the region: a key lives in one region only. find_resources lists them.',
  'Forbidden.AliasNotFound': 'Check the alias and the region, or use the key ID.',
  'Forbidden.ResourceNotFound': 'Check the name and the region: find_resources lists the secrets of a region.',
  'Certificate.NotFound': 'Check the certificate ID and the region.',
  'InvalidResourceId.NotFound': 'Check the IDs and the region: find_resources lists what is there.',
  'InvalidRegionId*': 'Check RegionId.',
  'Forbidden.NoPermission': PERMISSION,
  'Forbidden.RAM': PERMISSION,
  NoPermission: PERMISSION,
  'Forbidden.KmsServiceNotEnabled': 'Activate KMS for this account in the console.',
  'Forbidden.InDebt*': 'Settle the account, then repeat the call.',
  'Forbidden.ProhibitedByRiskControl': 'Ask Alibaba Cloud support: risk control has blocked the account.',
  'InvalidAccessKeyId*':
    'Check the AccessKey ID in the MCP server’s environment or profile; it may have been deleted or rotated.',
  'Forbidden.AccessKey': 'Enable the AccessKey in the RAM console, or use another.',
  SignatureDoesNotMatch: 'Check the AccessKey secret in the MCP server’s environment or profile.',
  IncompleteSignature: 'Check the AccessKey secret in the MCP server’s environment or profile.',
  'InvalidSecurityToken*': 'Get new STS credentials for the MCP server, then repeat the call.',
  MissingSecurityToken: 'These are STS credentials: give the MCP server their security token too.',
  'InvalidTimeStamp*': 'Set the clock of the machine that runs the MCP server.',
  IllegalTimestamp: 'Set the clock of the machine that runs the MCP server.',
  SignatureNonceUsed: 'Repeat the call.',
  'InvalidAction.NotFound': 'This operation is not offered to this account or in this region.',
  UnsupportedOperation: 'This operation is not offered to this account or in this region.',
  InvalidVersion: 'Check --endpoint: it does not serve KMS 2016-01-20.',
  NoSuchVersion: 'Check --endpoint: it does not serve KMS 2016-01-20.',
  'Rejected.LimitExceeded': 'A resource carries at most 10 tags: remove one first.',
  'Rejected.PendingDeletion': 'The key is about to be deleted; cancel the deletion first.',
  'Rejected.PendingImport': 'Import the key material first.',
  'Rejected.Disabled': 'Enable the key first.',
  'Rejected.Throttling': 'Wait a few seconds, then repeat the call.',
  'Throttling*': 'Wait a few seconds, then repeat the call.',
  InvalidParameter: 'Check the values against the API page, then repeat the call.',
  MissingParameter: 'Check the values against the API page, then repeat the call.',
  InternalFailure: 'Repeat the call in a moment.',
  InternalError: 'Repeat the call in a moment.',
  'ServiceUnavailable*': 'Repeat the call in a moment.',
  // Words of ours for what happened below KMS, in reports of many resources.
  BUSY: 'Repeat the call in a moment.',
  INTERNAL_ERROR: 'Look at the log of this server, then report the bug.',
  CANCELLED: 'Repeat the call if it is still wanted.',
  ENDPOINT_UNREACHABLE: 'Repeat the call in a moment; if it stays so, check --endpoint and the proxy variables.',
  CREDENTIALS_NOT_FOUND: 'Tell the operator of this server: no tool takes credentials.',
};

const DEFAULT_HINT = 'Look the code up in the API Error Center (https://api.alibabacloud.com/troubleshoot).';

/** The next step after an error with this code; `permission` is what the call needed. */
export function hintFor(code: string, permission?: Permission): string {
  const hint = hintOf(code);
  if (hint !== PERMISSION || permission === undefined) return hint;
  const { action, resource } = permission;
  return `Ask for a RAM policy that allows ${action} on ${quote(resource, 200)}; the README has one.`;
}

function hintOf(code: string): string {
  const exact = Object.hasOwn(HINTS, code) ? HINTS[code] : undefined;
  if (exact !== undefined) return exact;
  for (const [pattern, hint] of Object.entries(HINTS)) {
    if (pattern.endsWith('*') && code.startsWith(pattern.slice(0, -1))) return hint;
  }
  return DEFAULT_HINT;
}

/** What to do about a connection that did not come about: the first pattern that the reason matches. */
const CONNECTION_HINTS: Readonly<Record<ConnectionTrouble, readonly (readonly [RegExp, string])[]>> = {
  'proxy-setting': [
    [/./, 'Correct that variable in the environment of the MCP server, or name the host in NO_PROXY, then restart it.'],
  ],
  'proxy-refusal': [
    [/407$/, 'Put the user and password of the proxy into the proxy variable: http://user:password@host:port.'],
    [/./, 'Ask whoever runs the proxy to let this host through, or name the host in NO_PROXY.'],
  ],
  certificate: [
    [
      /EXPIRED|NOT_YET_VALID/,
      'Check the clock of the machine that runs the MCP server; if it is right, the certificate must be renewed.',
    ],
    [
      /ALTNAME|HOSTNAME/,
      'The certificate is for another host: check --endpoint, and that no proxy answers in its place.',
    ],
    [
      /./,
      'If a proxy of your company signs certificates, set NODE_EXTRA_CA_CERTS to the file with its CA certificate in the environment of the MCP server, then restart it.',
    ],
  ],
};

/** The next step after a connection that did not come about. */
export function connectionHint(trouble: ConnectionTrouble | undefined, reason: string): string {
  const hints = trouble === undefined ? [] : CONNECTION_HINTS[trouble];
  const found = hints.find(([pattern]) => pattern.test(reason))?.[1];
  return found ?? 'Check RegionId, --endpoint, --network and the proxy variables.';
}
