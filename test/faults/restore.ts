import * as z from 'zod';
import { type Place, tagsAt, valueIn } from './account.js';
import { WHOLE } from './changes.js';
import type { Play } from './play.js';
import type { Scene } from './scene.js';
import type { Seen } from './seen.js';
import { undoOne } from './steps.js';

const changeRows = z.array(z.object({ ChangeId: z.string() }));
/** Times that an undo is repeated that did not finish. */
const MOST_ATTEMPTS = 3;

/**
 * Undoes every change, the newest first, also those of which the journal says that nothing was done; gives the tags that
 * are not as they were in the beginning.
 */
export async function undoEverything(play: Play): Promise<readonly string[]> {
  for (const changeId of await listAll(play)) {
    const known = play.changes.find((change) => change.changeId === changeId);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const seen =
        known === undefined
          ? await play.call('undo_change', { ChangeId: changeId })
          : await undoOne(play, { args: { ChangeId: changeId }, change: known, scope: WHOLE });
      if (!isUnfinished(seen)) break;
    }
  }
  return lostTags(play);
}

/** Ids of all changes, the newest first. */
async function listAll(play: Play): Promise<readonly string[]> {
  const ids: string[] = [];
  let NextToken: unknown;
  do {
    const seen = await play.call('list_changes', { Limit: 100, ...(NextToken === undefined ? {} : { NextToken }) });
    ids.push(...changeRows.parse(seen.answer.structured['Changes']).map(({ ChangeId }) => ChangeId));
    NextToken = seen.answer.structured['NextToken'];
  } while (NextToken !== undefined);
  return ids;
}

function isUnfinished({ answer }: Seen): boolean {
  return ['Failed', 'Unknown', 'NotAttempted', 'Unverified'].some((field) => Number(answer.structured[field] ?? 0) > 0);
}

/** Tags that the server changed, that no colleague touched, and that are not as in the beginning. */
function lostTags({ scene, changes }: Play): readonly string[] {
  const { ledger, places, bench } = scene;
  return places.flatMap((place) => {
    const was = ledger.initial.get(place.name);
    const is = tagsAt(bench.emulator, place);
    const lost = [...new Set([...Object.keys(was ?? {}), ...Object.keys(is)])].filter((key) => {
      const value = valueIn(was, key);
      if (value === valueIn(is, key) || ledger.isColleagues(place.name, key)) return false;
      return !changes.some((change) => change.includes(place.name, key) && change.saysLost(key, value));
    });
    if (isCrowded(scene, place, lost.length)) return [];
    return lost.map(
      (key) =>
        `${key} of ${place.name} was ${JSON.stringify(valueIn(was, key))} and is ${JSON.stringify(valueIn(is, key))}`,
    );
  });
}

/** Whether a colleague's tags took the room that an undo would have needed: KMS allows ten. */
function isCrowded({ ledger, bench }: Scene, place: Place, lost: number): boolean {
  const own = Object.keys(tagsAt(bench.emulator, place)).filter((key) => !key.startsWith('acs:')).length;
  return own + lost > 10 && ledger.entries.some((entry) => entry.who === 'colleague' && entry.place === place.name);
}
