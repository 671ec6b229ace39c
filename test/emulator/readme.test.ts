import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAccountData } from '../../emulator/index.js';
import { readmeTables } from '../../emulator/readme-tables.js';

const README = readFileSync('emulator/README.md', 'utf8');

describe('the README of the emulator', () => {
  it.each(Object.entries(readmeTables()))('has the table of %s as the code has it', (name, table) => {
    expect(README).toContain(`<!-- generated: ${name} -->\n${table}\n<!-- end: ${name} -->`);
  });

  it('shows data that the emulator takes', () => {
    const [, example = ''] = /```json\n(\{ "AccountId"[^`]*)```/.exec(README) ?? [];
    expect(Object.keys(parseAccountData(example)).sort()).toEqual(
      ['AccountId', 'certificates', 'keys', 'policies', 'regions', 'roles', 'secrets'].sort(),
    );
  });

  it('is short', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThan(150);
  });
});
