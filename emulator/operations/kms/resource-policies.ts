import * as z from 'zod';
import type { InstanceResource } from '../../account/resource.js';
import { assumptions } from '../../assumptions.js';
import { oneOrMore } from '../../policy/one-or-more.js';
import { invalidParameter, kmsRefusal, missingParameter } from '../../refusal.js';
import type { Operation, OperationCall } from '../operation.js';
import { jsonParameter, required } from '../parameters.js';
import { findKey, findSecret } from './target.js';

const LONGEST_POLICY = 32_768;

/** The policy of a key in a KMS instance, as a string that holds JSON. */
export const getKeyPolicy: Operation = (call) => ({ Policy: policyOf(call, guardedKey(call), 'key') });

/** Replaces the policy of a key in a KMS instance. */
export const setKeyPolicy: Operation = (call) => replacePolicy(call, guardedKey(call));

/** The policy of a secret in a KMS instance, as a string that holds JSON. */
export const getSecretPolicy: Operation = (call) => ({ Policy: policyOf(call, guardedSecret(call), 'secret') });

/** Replaces the policy of a secret in a KMS instance. */
export const setSecretPolicy: Operation = (call) => replacePolicy(call, guardedSecret(call));

function guardedKey(call: OperationCall): InstanceResource {
  const key = findKey(call);
  if (key.instanceId === '') {
    throw kmsRefusal('Forbidden.KeyPolicyUnSupported');
  }
  checkPolicyName(call);
  return key;
}

function guardedSecret(call: OperationCall): InstanceResource {
  const secret = findSecret(call);
  if (secret.instanceId === '') {
    throw kmsRefusal(assumptions.secretWithoutPolicy);
  }
  checkPolicyName(call);
  return secret;
}

// The only name that there is. Source: the GetKeyPolicy page.
function checkPolicyName({ parameters }: OperationCall): void {
  const { PolicyName: name = '' } = parameters;
  if (name !== '' && name !== 'default') {
    throw kmsRefusal(assumptions.unknownPolicyName);
  }
}

function policyOf({ region }: OperationCall, resource: InstanceResource, kind: 'key' | 'secret'): string {
  return resource.policy ?? defaultPolicy(region.accountId, kind);
}

/** What a resource of an instance has when nobody gave it another. Source: overview of key and secret policies. */
function defaultPolicy(accountId: string, kind: 'key' | 'secret'): string {
  return JSON.stringify({
    Version: '1',
    Statement: [
      {
        Sid: `kms default ${kind} policy`,
        Effect: 'Allow',
        Principal: { RAM: [`acs:ram::${accountId}:*`] },
        Action: ['kms:*'],
        Resource: ['*'],
      },
    ],
  });
}

const resourcePolicy = z.strictObject({
  Version: z.literal('1'),
  Statement: z
    .array(
      z.strictObject({
        Sid: z.string().max(128).optional(),
        Effect: z.enum(['Allow', 'Deny']),
        Principal: z.strictObject({ RAM: oneOrMore(z.string().startsWith('acs:ram::')) }),
        Action: oneOrMore(z.string().startsWith('kms:')),
        Resource: oneOrMore(z.literal('*')),
        Condition: z.record(z.string(), z.record(z.string(), oneOrMore(z.string()))).optional(),
      }),
    )
    .min(1),
});

function replacePolicy({ region, parameters }: OperationCall, resource: InstanceResource) {
  const text = required(parameters, 'Policy');
  if (Buffer.byteLength(text) > LONGEST_POLICY) {
    throw invalidParameter('Policy');
  }
  if (jsonParameter(parameters, 'Policy', resourcePolicy) === undefined) {
    throw missingParameter('Policy');
  }
  region.setPolicy(resource, text);
  return {};
}
