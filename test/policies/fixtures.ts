import type { AffectedResource, TagChange } from '../../src/policies/finding.js';
import { readPolicyDocument } from '../../src/policies/policy-document.js';
import { findPolicyEffects, type PolicyEffects } from '../../src/policies/policy-effects.js';
import type { PolicySource } from '../../src/policies/source.js';

export const ACCOUNT = '1234567890123456';
export const KEY_ID = 'key-hzz6e1c2e9cabcdefghij';

/** A key whose tags change; in cn-hangzhou, with the alias `alias/payments`. */
export function key(changes: readonly TagChange[], more: Partial<AffectedResource> = {}): AffectedResource {
  return { type: 'key', id: KEY_ID, regionId: 'cn-hangzhou', aliases: ['alias/payments'], changes, ...more };
}

/** `env` from a value to another; undefined where the tag is not there. */
export function env(before: string | undefined, after: string | undefined = undefined): readonly TagChange[] {
  return [{ tagKey: 'env', before, after }];
}

export function ramPolicy(text: string, name = 'a-policy'): PolicySource {
  return { kind: 'ram', name, attachedTo: [{ type: 'user', name: 'alice' }], document: readPolicyDocument(text) };
}

/** A document of these statements. */
export function documentOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '1', Statement: statements });
}

export function effectsOf(source: PolicySource, ...resources: readonly AffectedResource[]): PolicyEffects {
  return findPolicyEffects({ sources: [source], resources, accountId: ACCOUNT });
}

/** Each finding as its kind, and why where it cannot be told. */
export function kindsOf({ findings }: PolicyEffects): readonly string[] {
  return findings.map(({ kind, doubts }) => [kind, ...doubts].join(': '));
}
