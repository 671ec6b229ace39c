import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { converse, type Turn } from './conversation.js';

const MARKS: Readonly<Record<Turn['who'], string>> = { person: 'You:    ', call: 'Agent:  ', answer: 'Server: ' };

/** Runs the demo and writes each turn with `print`, a line at a time. Throws when the conversation does not end well. */
export async function runDemo(program: string, print: (line: string) => void): Promise<void> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'kms-tags-demo-'));
  try {
    for await (const { who, text } of converse({ program, stateDirectory })) {
      if (who === 'person') print('');
      print(`${MARKS[who]}${text.replaceAll('\n', '\n        ')}`);
    }
    print('');
    print('The tags are as they were before. All of this ran against the embedded emulator.');
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
}
