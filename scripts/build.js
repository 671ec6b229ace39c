// Bundles the program into dist: main.js holds what answers the first tools/list and nothing else; what a call needs
// (undici, credentials), the HTTP server, the emulator and the demo are files of their own that load on first use.
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/** Built each by itself, so that what one of them needs of a package does not weigh on the start of another. */
const PROGRAMS = {
  'src/main.ts': 'main',
  'src/serve/http.ts': 'http',
  'src/demo/demo.ts': 'demo',
  'src/emulator/index.ts': 'emulator',
};

/** Imports of another program stay imports. */
const separate = {
  name: 'separate-programs',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
      if (kind === 'entry-point') return undefined;
      const name = PROGRAMS[relative('.', resolve(resolveDir, path)).replace(/\.js$/, '.ts')];
      return name === undefined ? undefined : { path: `./${name}.js`, external: true };
    });
  },
};

export const metafiles = {};
const files = new Map();
for (const [file, name] of Object.entries(PROGRAMS)) {
  const { outputFiles, metafile } = await build({
    entryPoints: { [name]: file },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.18',
    minify: true,
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    plugins: [separate],
    // CommonJS packages inside the bundle still call require() for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  metafiles[name] = metafile;
  for (const { path, contents } of outputFiles) files.set(basename(path), contents);
}

mkdirSync('dist', { recursive: true });
for (const [name, contents] of files) writeFileSync(`dist/${name}`, contents);
for (const name of readdirSync('dist')) {
  if (!files.has(name)) rmSync(`dist/${name}`, { recursive: true });
}
chmodSync('dist/main.js', 0o755);
