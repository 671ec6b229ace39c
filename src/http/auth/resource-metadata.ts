import { getOAuthProtectedResourceMetadataUrl } from '@modelcontextprotocol/server';
import { ADMIN_SCOPE, READ_SCOPE, WRITE_SCOPE } from '../../mcp/scopes.js';
import { readTarget } from '../target.js';

/** What a client reads to find out where tokens for this server come from (RFC 9728). */
export interface ResourceMetadata {
  /** Public URL of the document, for challenges. */
  readonly url: string;
  /** Paths at which it is served. */
  readonly paths: readonly string[];
  readonly document: Readonly<Record<string, unknown>>;
}

/** `resource` is this server's public URL, `issuer` the authorization server's. */
export function resourceMetadata(resource: string, issuer: string): ResourceMetadata {
  const url = getOAuthProtectedResourceMetadataUrl(new URL(resource));
  return {
    url,
    paths: [readTarget(url).path, '/.well-known/oauth-protected-resource'],
    document: {
      resource,
      authorization_servers: [issuer],
      scopes_supported: [READ_SCOPE, WRITE_SCOPE, ADMIN_SCOPE],
      bearer_methods_supported: ['header'],
      resource_name: 'Alibaba Cloud KMS tags',
    },
  };
}
