import type { Resource } from '../../account/resource.js';
import type { TagSet } from '../../account/tag-set.js';
import { assumptions } from '../../assumptions.js';
import { invalidParameter, kmsRefusal } from '../../refusal.js';
import type { ReplyBody } from '../../wire-reply.js';
import type { Operation, OperationCall } from '../operation.js';
import { flatItems, flatList } from '../parameters.js';
import { readResourceType } from './bulk-scope.js';
import { checkBulkKey } from './tag-rules.js';

const ROWS_A_PAGE = 200;

interface TagFilter {
  readonly key: string;
  /** Undefined for any value. */
  readonly value: string | undefined;
}

/** The next row to give: of the resource at a place, the tag with this key, or the next after it. */
interface Cursor {
  readonly ordinal: number;
  readonly key: string;
}

/**
 * Tag rows of keys or secrets, 200 a page, in order of resource and key. A page starts where the one before
 * stopped and looks no further than it must, so that all pages together pass each resource once. The token is a
 * place and not a count: tags that come and go between two pages shift nothing.
 */
export const listTagResources: Operation = (call) => {
  const type = readResourceType(call.parameters);
  const filters = readFilters(call);
  const resources = selectResources(call, type);
  const cursor = readToken(call, type);
  const rows: ReplyBody[] = [];
  for (let place = firstFrom(resources, cursor.ordinal); place < resources.length; place += 1) {
    const resource = resources[place];
    if (resource === undefined) {
      continue;
    }
    const tags = call.tagsOf(resource);
    for (const tag of matches(tags, filters) ? tags : []) {
      const isBefore = resource.ordinal === cursor.ordinal && tag.key < cursor.key;
      if (isBefore || !isShown(tag.key, filters)) {
        continue;
      }
      if (rows.length === ROWS_A_PAGE) {
        return page(rows, writeToken(type, { ordinal: resource.ordinal, key: tag.key }));
      }
      rows.push({ ResourceId: resource.id, ResourceType: type, TagKey: tag.key, TagValue: tag.value });
    }
  }
  return page(rows, '');
};

/** The page that a call asks for, once more. */
export const sameTagPage = ({ parameters }: OperationCall): ReplyBody => {
  const first = writeToken(readResourceType(parameters), { ordinal: 0, key: '' });
  return { NextToken: parameters['NextToken'] || first };
};

function page(rows: readonly ReplyBody[], NextToken: string): ReplyBody {
  return { NextToken, TagResources: { TagResource: rows } };
}

function readFilters(call: OperationCall): readonly TagFilter[] {
  return flatItems(call.parameters, 'Tag', 20).map((item) => {
    const key = item.get('Key') ?? '';
    checkBulkKey(key, 'Tag');
    return { key, value: item.get('Value') };
  });
}

/** All resources of the type, or those named, in order; a name that nothing has selects nothing, or is refused. */
function selectResources(call: OperationCall, type: 'key' | 'secret'): readonly Resource[] {
  const ids = flatList(call.parameters, 'ResourceId', 50);
  const shelf = call.region[type];
  if (ids.length === 0) {
    return shelf.all;
  }
  if (call.account.refusesUnknownIds && ids.some((id) => shelf.find(id) === undefined)) {
    throw kmsRefusal(assumptions.unknownBulkResource);
  }
  const found = [...new Set(ids)].flatMap((id) => shelf.find(id) ?? []);
  return found.sort((left, right) => left.ordinal - right.ordinal);
}

function firstFrom(resources: readonly Resource[], ordinal: number): number {
  // On the whole shelf the place is the ordinal; among at most 50 named resources it is looked for.
  if (resources[ordinal]?.ordinal === ordinal) {
    return ordinal;
  }
  const place = resources.findIndex((one) => one.ordinal >= ordinal);
  return place < 0 ? resources.length : place;
}

function matches(tags: TagSet, filters: readonly TagFilter[]): boolean {
  const carries = ({ key, value }: TagFilter) =>
    tags.some((tag) => tag.key === key && (value === undefined || tag.value === value));
  return filters.length === 0 || filters[assumptions.tagFiltersCombine](carries);
}

function isShown(key: string, filters: readonly TagFilter[]): boolean {
  return assumptions.tagFilterRows === 'all tags' || filters.some((filter) => filter.key === key);
}

function writeToken(type: string, { ordinal, key }: Cursor): string {
  return Buffer.from(JSON.stringify([type, ordinal, key])).toString('base64url');
}

function readToken(call: OperationCall, type: string): Cursor {
  const token = call.parameters['NextToken'] ?? '';
  if (token === '') {
    return { ordinal: 0, key: '' };
  }
  const text = Buffer.from(token, 'base64url').toString();
  const [, ofType, ordinal, key] = /^\["(\w+)",(\d{1,9}),(".*")\]$/s.exec(text) ?? [];
  if (ofType !== type || ordinal === undefined || key === undefined) {
    throw invalidParameter('NextToken');
  }
  try {
    return { ordinal: Number(ordinal), key: String(JSON.parse(key)) };
  } catch {
    throw invalidParameter('NextToken');
  }
}
