import { faultKinds, faultTable } from './faults/fault-table.js';
import { operations } from './operations/catalogue.js';
import { PRODUCTS } from './product.js';
import { quotaGroups } from './quota.js';

/** The tables of the emulator's README, by name, made of the tables that the emulator itself works with. */
export function readmeTables(): Readonly<Record<'operations' | 'faults', string>> {
  return {
    operations: table(
      ['operation', 'requests a second', 'permission', 'what it does'],
      Object.entries(PRODUCTS).flatMap(([version, product]) =>
        Object.entries(operations[product]).map(([action, { quota, permittedOn, does }]) => [
          product === 'Kms' ? `\`${action}\`` : `\`${action}\` (${product} ${version})`,
          quota === undefined ? '' : product === 'Kms' ? `${quotaGroups[quota]} (${quota})` : `${quotaGroups[quota]}`,
          permittedOn === undefined ? 'none' : 'yes',
          does,
        ]),
      ),
    ),
    faults: table(
      ['kind', 'carried out', 'what is answered'],
      faultKinds.map((kind) => [`\`${kind}\``, faultTable[kind].acts ? 'yes' : 'no', faultTable[kind].answer]),
    ),
  };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
