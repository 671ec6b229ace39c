import type { KnownOperation } from './operations/catalogue.js';
import type { OperationCall } from './operations/operation.js';
import { permits } from './policy/policy-document.js';
import type { Product } from './product.js';
import { kmsRefusal, type Refusal, ramRefusal } from './refusal.js';

/** What an action's name begins with in a policy. ResourceManager has the permissions of RAM. */
const ACTION_PREFIX: Readonly<Record<Product, string>> = { Kms: 'kms', Sts: 'sts', Ram: 'ram', ResourceManager: 'ram' };

/**
 * Throws `Refusal` when RAM does not let the caller do this: because the action is among those `denied` to everybody,
 * or because the policy of the caller's session does not permit it on every resource that the call is about.
 * Operations that need no permission are never refused.
 */
export function authorize(call: OperationCall, operation: KnownOperation, denied: ReadonlySet<string>): void {
  const { product, permittedOn } = operation;
  if (permittedOn === undefined) {
    return;
  }
  if (denied.has(call.action)) {
    throw noPermission(product);
  }
  const policy = call.caller.type === 'AssumedRoleUser' ? call.caller.policy : undefined;
  if (policy === undefined) {
    return;
  }
  const action = `${ACTION_PREFIX[product]}:${call.action}`;
  const refused = permittedOn(call).find((arn) => !permits(policy, action, arn));
  if (refused !== undefined) {
    throw noPermission(product, refused);
  }
}

/** The text that names the resource was seen in a reply of KMS (aliyun-openapi-java-sdk issue 426). */
function noPermission(product: Product, arn?: string): Refusal {
  if (product !== 'Kms') {
    return ramRefusal('NoPermission');
  }
  return arn === undefined
    ? kmsRefusal('Forbidden.NoPermission')
    : kmsRefusal('Forbidden.NoPermission', `This operation for ${arn} is forbidden by permission system.`);
}
