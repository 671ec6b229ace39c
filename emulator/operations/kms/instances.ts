import { invalidParameter } from '../../refusal.js';
import type { Operation } from '../operation.js';
import { pageOf } from '../paging.js';

/** A page of the region's KMS instances: those in which its keys and secrets are. `Filters` is not emulated. */
export const listKmsInstances: Operation = ({ region, parameters }) => {
  if ((parameters['Filters'] ?? '') !== '') {
    throw invalidParameter('Filters');
  }
  const { items, summary } = pageOf(parameters, region.instanceIds, { min: 1, max: 100 });
  return {
    KmsInstances: {
      KmsInstance: items.map((id) => ({ KmsInstanceId: id, KmsInstanceArn: region.arn('keystore', id) })),
    },
    ...summary,
  };
};
