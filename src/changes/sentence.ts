import type { Account } from '../aliyun/sts/account.js';
import { quote } from '../base/quote.js';
import type { Condition } from '../inventory/conditions.js';
import type { Operations, Selection } from '../journal/plan.js';

/** Hosts show a sentence in an approval dialog: it must fit there whole. */
export const MAX_SENTENCE = 300;

/** What a sentence is made of. */
export interface SentenceParts {
  readonly operations: Operations;
  readonly selection: Selection;
  readonly resourceType: string;
  /** Number of resources by region. */
  readonly regions: ReadonlyMap<string, number>;
  /** Some of the resources, for a selection by id. */
  readonly ids: readonly string[];
  readonly account: Account;
}

/** How much of a list and of a quoted text is shown: the longest form that fits is taken, so the same parts read alike. */
const FORMS = [
  { items: 6, characters: 64 },
  { items: 3, characters: 40 },
  { items: 2, characters: 24 },
  { items: 1, characters: 16 },
  { items: 1, characters: 8 },
  // The longest that this can come to is 290 characters: region and account never fall off the end.
  { items: 1, characters: 4 },
] as const;

interface Form {
  readonly items: number;
  readonly characters: number;
}

/**
 * One sentence that says what a plan does, at most `MAX_SENTENCE` characters:
 * `Remove "temp" from 24 keys in cn-hangzhou of account 1234567890123456 where "temp" is there and "env" is not "prod"`.
 */
export function sentenceOf(parts: SentenceParts): string {
  let sentence = '';
  for (const form of FORMS) {
    sentence = inForm(parts, form);
    if (sentence.length <= MAX_SENTENCE) return sentence;
  }
  return fitting(sentence);
}

function inForm({ operations, selection, resourceType, regions, ids, account }: SentenceParts, form: Form): string {
  const count = [...regions.values()].reduce((sum, each) => sum + each, 0);
  const what = count === 1 ? `1 ${resourceType}` : `${count.toLocaleString('en')} ${resourceType}s`;
  const isRemoval = operations.set.length + operations.rename.length === 0;
  const named = selection.kind === 'ids' ? `: ${listed(ids, count, form)}` : '';
  const where = selection.kind === 'where' ? ` where ${conditionsText(selection.conditions, form)}` : '';
  const verbs = operationsText(operations, form);
  return `${verbs} ${isRemoval ? 'from' : 'on'} ${what} in ${regionsText(regions, form)}${accountText(account)}${where}${named}`;
}

function operationsText({ remove, set, rename }: Operations, form: Form): string {
  const short = (text: string): string => quote(text, form.characters);
  const verbs = [
    ...(remove.length === 0 ? [] : [`remove ${listed(remove, remove.length, form)}`]),
    ...(set.length === 0
      ? []
      : [
          `set ${joined(
            set.map(([key, value]) => `${short(key)} to ${short(value)}`),
            set.length,
            form,
          )}`,
        ]),
    ...(rename.length === 0
      ? []
      : [
          `rename ${joined(
            rename.map(([from, to]) => `${short(from)} to ${short(to)}`),
            rename.length,
            form,
          )}`,
        ]),
  ];
  const text = anded(verbs);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function conditionsText(conditions: readonly Condition[], form: Form): string {
  const texts = conditions.map(({ key, value, not = false }) => {
    const name = quote(key, form.characters);
    if (value === undefined) return `${name} is ${not ? 'not ' : ''}there`;
    return `${name} is ${not ? 'not ' : ''}${quote(value, form.characters)}`;
  });
  return joined(texts, texts.length, form, 'condition');
}

function regionsText(regions: ReadonlyMap<string, number>, form: Form): string {
  if (regions.size === 1) return [...regions.keys()].join();
  const counts = [...regions].map(([regionId, count]) => `${regionId} (${count.toLocaleString('en')})`);
  return joined(counts, counts.length, form, 'region');
}

function accountText({ id }: Account): string {
  return id === undefined ? '' : ` of account ${id}`;
}

function listed(texts: readonly string[], count: number, form: Form): string {
  return joined(
    texts.slice(0, form.items).map((text) => quote(text, form.characters)),
    count,
    form,
  );
}

/** `a, b and c`, or `a, b and 3 more` (conditions). */
function joined(texts: readonly string[], count: number, { items }: Form, noun = ''): string {
  const shown = texts.slice(0, items);
  const rest = count - shown.length;
  if (rest === 0) return anded(shown);
  const number = rest.toLocaleString('en');
  const more = noun === '' ? `${number} more` : `${number} more ${noun}${rest === 1 ? '' : 's'}`;
  return `${shown.join(', ')} and ${more}`;
}

function anded(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}

/** The sentence of a change of one resource: `Remove "a" and "b" from key "key-1" in cn-hangzhou of account …`. */
export function singleSentence(
  operations: Operations,
  { type, id, regionId }: { readonly type: string; readonly id: string; readonly regionId: string },
  account: Account,
): string {
  const preposition = operations.set.length === 0 ? 'from' : 'on';
  let text = '';
  for (const form of FORMS) {
    // The id is what matters most: it keeps more characters than tags do.
    const resource = `${type} ${quote(id, form.characters + 36)} in ${regionId}`;
    text = `${operationsText(operations, form)} ${preposition} ${resource}${accountText(account)}`;
    if (text.length <= MAX_SENTENCE) return text;
  }
  return fitting(text);
}

/** The sentence of an undo. */
export function undoSentence(original: string, isPart: boolean): string {
  return fitting(`Undo ${isPart ? 'a part of ' : ''}this: ${original}`);
}

/** Cut where it must be, and never within a character. */
function fitting(text: string): string {
  if (text.length <= MAX_SENTENCE) return text;
  return `${text.slice(0, MAX_SENTENCE - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
