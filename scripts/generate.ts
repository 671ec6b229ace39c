// Writes what is made from the code. With --check it writes nothing and fails where a file is not what it should be.
//   npm run generate
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedFiles } from './generated-files.js';

const files = generatedFiles();
const stale = Object.entries(files).filter(([file, text]) => readOr(file) !== text);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is not what the code says: run npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of stale) writeFileSync(file, text);
  console.error(stale.length === 0 ? 'nothing to do' : `wrote ${stale.map(([file]) => file).join(', ')}`);
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
