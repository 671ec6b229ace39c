import type { KnownOperation } from './operations/catalogue.js';
import type { OperationCall } from './operations/operation.js';
import { kmsRefusal, ramRefusal } from './refusal.js';

/**
 * Throws `Refusal` when RAM does not let the caller do this: because the action is among those `denied` to everybody.
 * Operations that need no permission are never refused.
 */
export function authorize(
  call: OperationCall,
  { product, permittedOn }: KnownOperation,
  denied: ReadonlySet<string>,
): void {
  if (permittedOn !== undefined && denied.has(call.action)) {
    throw product === 'Kms' ? kmsRefusal('Forbidden.NoPermission') : ramRefusal('NoPermission');
  }
}
