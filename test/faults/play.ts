import { tagsAt } from './account.js';
import type { Change } from './changes.js';
import type { OpenPlan } from './plan-calls.js';
import type { Scene } from './scene.js';
import { type Args, callAndSee, commonComplaints, type Seen } from './seen.js';
import { CALM, randomWeather, type Weather } from './weather.js';
import { changeAtRandom } from './wire.js';

/** A sequence as it goes on: what was called, and what the judge holds against it. */
export interface Play {
  readonly scene: Scene;
  /** Oldest first. */
  readonly changes: Change[];
  readonly plans: OpenPlan[];
  /** Calls in the weather, calls in the calm after it. */
  readonly calls: { faulted: number; calm: number; requests: number };
  readonly wrong: string[];
  readonly story: string[];
  /** Calls a tool in new weather, unless it is over. */
  call(tool: string, args: Args): Promise<Seen>;
  complain(seen: Seen, complaints: Iterable<string>): void;
  /** From now on everything goes well. */
  calmDown(): void;
}

export function newPlay(scene: Scene): Play {
  const calls = { faulted: 0, calm: 0, requests: 0 };
  const wrong: string[] = [];
  const story: string[] = [];
  let isOver = false;
  const complain = ({ tool }: Seen, complaints: Iterable<string>): void => {
    for (const complaint of complaints) {
      wrong.push(`call ${calls.faulted + calls.calm}, ${tool}: ${complaint}`);
      story.push(`  WRONG: ${complaint}`);
    }
  };
  return {
    scene,
    changes: [],
    plans: [],
    calls,
    wrong,
    story,
    complain,
    async call(tool, args) {
      const weather = isOver ? CALM : turnWeather(scene, story);
      calls[isOver ? 'calm' : 'faulted'] += 1;
      const number = calls.faulted + calls.calm;
      story.push(`${number}. ${tool} ${JSON.stringify(args)}`, `  weather: ${weather.name}`);
      const seen = await callAndSee(scene, number, weather, tool, args);
      calls.requests += seen.watch.requests;
      story.push(...seen.watch.lines);
      for (const { place, key, from, to } of seen.writes) {
        story.push(`    became: ${key} of ${place}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);
      }
      story.push(`  ${seen.answer.isError ? 'ERROR ' : ''}${seen.answer.text.slice(0, 1_000)}`);
      complain(seen, commonComplaints(seen));
      return seen;
    },
    calmDown() {
      isOver = true;
      scene.setSkew(0);
      scene.keyring?.learn();
      scene.wire.catchUp();
      // What could not be asked of STS is asked again.
      scene.pass(61_000);
    },
  };
}

/** New weather for the next call, and now and then something else that happens between two calls. */
function turnWeather(scene: Scene, story: string[]): Weather {
  const { random, keyring, places, bench, ledger } = scene;
  if (random.chance(0.25)) {
    const place = random.pick(places);
    const before = tagsAt(bench.emulator, place);
    changeAtRandom(random, bench.emulator, place);
    ledger.note('colleague', place, before, tagsAt(bench.emulator, place));
    story.push(
      `  a colleague: ${place.name} ${JSON.stringify(before)} -> ${JSON.stringify(tagsAt(bench.emulator, place))}`,
    );
  }
  scene.setSkew(random.chance(0.03) ? (random.chance(0.5) ? 1 : -1) * 3_600_000 * (1 + random.below(20)) : 0);
  if (random.chance(0.5)) keyring?.learn();
  if (keyring !== undefined && random.chance(0.03)) keyring.change(random.chance(0.6));
  return randomWeather(random, places);
}
