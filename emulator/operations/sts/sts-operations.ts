import type { OperationTable } from '../operation.js';
import { assumeRole } from './assume-role.js';
import { getCallerIdentity } from './caller-identity.js';

/** The operations of STS 2015-04-01. */
export const stsOperations: OperationTable = {
  GetCallerIdentity: { run: getCallerIdentity, does: 'whose credentials sign the request, and of which account' },
  AssumeRole: {
    run: assumeRole,
    permittedOn: ({ parameters }) => [parameters['RoleArn'] ?? ''],
    quota: 'STS AssumeRole',
    does: 'temporary credentials of a session, with `Policy`, `SourceIdentity`, `DurationSeconds`',
  },
};
