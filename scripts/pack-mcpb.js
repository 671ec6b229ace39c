// Packs the bundle for Claude Desktop's "Install extension": alicloud-kms-tags-mcp.mcpb. Needs a build.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const stage = mkdtempSync(join(tmpdir(), 'mcpb-'));
const { name, version, type, license } = JSON.parse(readFileSync('package.json', 'utf8'));
cpSync('mcpb/manifest.json', join(stage, 'manifest.json'));
cpSync('LICENSE', join(stage, 'LICENSE'));
cpSync('dist', join(stage, 'dist'), { recursive: true, filter: (path) => !path.includes('types') });
writeFileSync(join(stage, 'package.json'), JSON.stringify({ name, version, type, license }));

const mcpb = (...words) =>
  execFileSync(process.execPath, [resolve('node_modules/@anthropic-ai/mcpb/dist/cli/cli.js'), ...words], {
    stdio: 'inherit',
  });
mcpb('validate', join(stage, 'manifest.json'));
mcpb('pack', stage, resolve(process.argv[2] ?? `${name}.mcpb`));
rmSync(stage, { recursive: true });
