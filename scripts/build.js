// Bundles the program into dist: main.js checks the version of Node, program.js holds what answers the first tools/list
// and nothing else; what a call needs (undici, credentials), the HTTP server, the emulator and the demo are files of
// their own that load on first use.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/** Built each by itself, so that what one of them needs of a package does not weigh on the start of another. */
const PROGRAMS = {
  'src/cli/main.ts': 'main',
  'src/cli/program.ts': 'program',
  'src/cli/http.ts': 'http',
  'src/cli/demo.ts': 'demo',
  'emulator/index.ts': 'emulator',
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
const packages = new Set();
for (const [file, name] of Object.entries(PROGRAMS)) {
  // The file that refuses an old Node must itself run there: nothing younger than Node 12, and no import but its own.
  const isEntry = name === 'main';
  const { outputFiles, metafile } = await build({
    entryPoints: { [name]: file },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: isEntry ? 'node12.20' : 'node20.18',
    minify: true,
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    plugins: [separate],
    // CommonJS packages inside the bundle still call require() for Node's own modules.
    banner: isEntry
      ? {}
      : {
          js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
        },
    logLevel: 'warning',
  });
  metafiles[name] = metafile;
  for (const { path, contents } of outputFiles) files.set(basename(path), contents);
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) packages.add(folder);
  }
}
files.set('THIRD-PARTY-LICENSES.txt', [...packages].sort().map(notice).join('\n\n'));

mkdirSync('dist', { recursive: true });
for (const [name, contents] of files) writeFileSync(`dist/${name}`, contents);
for (const name of readdirSync('dist')) {
  if (!files.has(name) && name !== 'types') rmSync(`dist/${name}`, { recursive: true });
}
chmodSync('dist/main.js', 0o755);

/** What the licence of a bundled package asks for: its name and its text. */
function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}`;
  return `${name} ${version} (${license})${text}`;
}
