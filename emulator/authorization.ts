import type { OperationCall, OperationDefinition } from './operations/operation.js';
import { kmsRefusal } from './refusal.js';

/**
 * Throws `Refusal` when RAM does not let the caller do this: because the action is among those `denied` to everybody.
 * Operations that need no permission are never refused.
 */
export function authorize(
  call: OperationCall,
  { permittedOn }: OperationDefinition,
  denied: ReadonlySet<string>,
): void {
  if (permittedOn !== undefined && denied.has(call.action)) {
    throw kmsRefusal('Forbidden.NoPermission');
  }
}
