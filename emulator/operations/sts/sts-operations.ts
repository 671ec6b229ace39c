import type { OperationTable } from '../operation.js';
import { getCallerIdentity } from './caller-identity.js';

/** The operations of STS 2015-04-01. */
export const stsOperations: OperationTable = {
  GetCallerIdentity: { run: getCallerIdentity, does: 'whose credentials sign the request, and of which account' },
};
