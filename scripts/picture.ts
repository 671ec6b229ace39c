// Draws docs/conversation.svg: the demo's own conversation, as it runs now.
//   npm run picture
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { converse, type Turn } from '../src/cli/conversation.js';

const COLUMNS = 96;
const LINE = 20;
const CHARACTER = 8.43;
const MARGIN = 20;
const LABELS: Readonly<Record<Turn['who'], string>> = { person: 'You', call: 'Agent', answer: 'Server' };

const stateDirectory = mkdtempSync(join(tmpdir(), 'picture-'));
const rows: { readonly who: Turn['who']; readonly label: string; readonly text: string }[] = [];
for await (const { who, text } of converse({ program: 'dist/main.js', stateDirectory })) {
  if (who === 'person' && rows.length > 0) rows.push({ who, label: '', text: '' });
  for (const [index, part] of wrap(text).entries())
    rows.push({ who, label: index === 0 ? LABELS[who] : '', text: part });
}
rmSync(stateDirectory, { recursive: true });

const width = Math.round((COLUMNS + 9) * CHARACTER + 2 * MARGIN);
const height = rows.length * LINE + 2 * MARGIN;
const lines = rows.map(({ who, label, text }, index) => {
  const y = MARGIN + (index + 0.75) * LINE;
  const name = label === '' ? '' : `<text x="${MARGIN}" y="${y}" class="label">${label}</text>`;
  return `${name}<text x="${Math.round(MARGIN + 9 * CHARACTER)}" y="${y}" class="${who}">${escapeXml(text)}</text>`;
});
writeFileSync(
  'docs/conversation.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A conversation with the server">
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre; fill: #24292f }
.label { fill: #6e7781 } .person { font-weight: 600 } .call { fill: #0550ae } .answer { fill: #116329 }
rect { fill: #f6f8fa; stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .label { fill: #8d96a0 } .call { fill: #79c0ff } .answer { fill: #7ee787 }
rect { fill: #161b22; stroke: #30363d }
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${lines.join('\n')}
</svg>
`,
);

function wrap(text: string): string[] {
  const out: string[] = [];
  for (const line of text.split('\n')) {
    let current = '';
    for (const word of line.split(' ')) {
      if (current !== '' && current.length + word.length + 1 > COLUMNS) {
        out.push(current);
        current = word;
      } else current = current === '' ? word : `${current} ${word}`;
    }
    out.push(current);
  }
  return out;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
