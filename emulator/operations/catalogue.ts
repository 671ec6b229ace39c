import type { Product } from '../product.js';
import { kmsOperations } from './kms/kms-operations.js';
import type { OperationDefinition, OperationTable } from './operation.js';
import { ramOperations, resourceManagerOperations } from './ram/ram-operations.js';
import { stsOperations } from './sts/sts-operations.js';

/** Every operation the emulator knows: for each product, by the name of its action. */
export const operations: Readonly<Record<Product, OperationTable>> = {
  Kms: kmsOperations,
  Sts: stsOperations,
  Ram: ramOperations,
  ResourceManager: resourceManagerOperations,
};

/** An operation with the product whose it is. */
export interface KnownOperation extends OperationDefinition {
  readonly product: Product;
}

/** The operations that one emulator has. */
export interface OperationCatalogue {
  find(product: Product, action: string): KnownOperation | undefined;
  /** The names of all actions, of whatever product. */
  readonly actions: readonly string[];
}

/** Newer accounts no longer have the certificate operations. */
export function createCatalogue(certificateOperations: boolean): OperationCatalogue {
  return {
    find(product, action) {
      const table = operations[product];
      const isGone = action === 'DescribeCertificate' && !certificateOperations;
      // A made-up action may have the name of what every object has.
      const found = Object.hasOwn(table, action) && !isGone ? table[action] : undefined;
      return found === undefined ? undefined : { ...found, product };
    },
    actions: Object.values(operations).flatMap((table) => Object.keys(table)),
  };
}
