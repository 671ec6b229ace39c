import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A bundle in a directory of its own. */
export interface BuiltProgram {
  /** Path of the program. */
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Bundles a TypeScript program as `scripts/build.js` bundles ours, so that `node` runs it; not into `dist`, where
 * other tests read. Inside the checkout, for packages that are found by their place.
 */
export async function buildProgram(entry: string): Promise<BuiltProgram> {
  const directory = await mkdtemp(join(import.meta.dirname, '..', '..', 'node_modules', '.built-'));
  await build({
    entryPoints: { program: entry },
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.18',
    outExtension: { '.js': '.mjs' },
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return {
    path: join(directory, 'program.mjs'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
