#!/usr/bin/env node
// The way in, for any Node: no static import and no syntax younger than Node 12, so that an older one still gets to
// say what is wrong with it. Everything else is loaded by the last line.

/** The oldest Node that runs the program; `package.json` says the same in `engines`. */
const NEEDED = [20, 18, 1];

const found = process.versions.node.split('.').map(Number);
const place = NEEDED.findIndex((part, index) => part !== found[index]);

if (place >= 0 && Number(found[place]) < Number(NEEDED[place])) {
  process.stderr.write(
    `alicloud-kms-tags-mcp: needs Node.js ${NEEDED.join('.')} or newer, and this is ${process.versions.node}. Install a newer Node.js, or name its full path as the command in the settings of your MCP host.\n`,
  );
  process.exitCode = 2;
} else {
  import('./program.js');
}
