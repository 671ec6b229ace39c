// Runs a TypeScript file of this repository: bundles it beside dist and imports it. Packages stay in node_modules.
//   node scripts/run-ts.js bench/start-up.ts [arguments]
import { rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file = '', ...rest] = process.argv.slice(2);
const outfile = resolve(`node_modules/.cache/run-ts/${basename(file, '.ts')}-${process.pid}.mjs`);
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.argv = [process.execPath, file, ...rest];
process.on('exit', () => rmSync(outfile, { force: true }));
await import(pathToFileURL(outfile).href);
