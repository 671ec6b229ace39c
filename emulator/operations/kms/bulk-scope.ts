import { invalidParameter } from '../../refusal.js';
import { type Parameters, required } from '../parameters.js';

/** The type of resource a bulk tag operation is about. RegionId is required too; which one is checked before. */
export function readResourceType(parameters: Parameters): 'key' | 'secret' {
  required(parameters, 'RegionId');
  const type = required(parameters, 'ResourceType');
  if (type !== 'key' && type !== 'secret') {
    throw invalidParameter('ResourceType');
  }
  return type;
}
