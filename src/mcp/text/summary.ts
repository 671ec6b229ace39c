import { quote } from '../../base/quote.js';
import { counted, someOf } from './result.js';

interface ShownKey {
  readonly TagKey: string;
  readonly Resources: number;
  readonly Missing: number;
  readonly Values: readonly { readonly TagValue: string; readonly Resources: number }[];
  readonly OtherValues: number;
}

interface ShownType {
  readonly ResourceType: string;
  readonly Resources: number;
  readonly Untagged: number;
  readonly TagKeys: readonly ShownKey[];
}

interface ShownLookalike {
  readonly ResourceType: string;
  readonly TagKey?: string;
  readonly A: string;
  readonly B: string;
  readonly ResourcesA: number;
  readonly ResourcesB: number;
}

export function summaryMessage(types: readonly ShownType[], regionIds: readonly string[]): string {
  const counts = types.map(
    ({ ResourceType, Resources, Untagged }) => `${counted(Resources, ResourceType)} (${Untagged} without tags)`,
  );
  const where = regionIds.length === 1 ? regionIds.join() : counted(regionIds.length, 'region');
  return `Tags of ${counts.join(' and ')} in ${where}.`;
}

/** A line for each key, then what looks alike. */
export function summaryLines(
  {
    ResourceTypes,
    OtherTagKeys,
    LooksAlike,
  }: {
    readonly ResourceTypes: readonly ShownType[];
    readonly OtherTagKeys: number;
    readonly LooksAlike: readonly ShownLookalike[];
  },
  lookalikes: number,
): readonly string[] {
  const several = ResourceTypes.length > 1;
  const keys = ResourceTypes.flatMap(({ ResourceType, TagKeys }) =>
    TagKeys.map((key) => `${several ? `${ResourceType}s: ` : ''}${keyText(key)}`),
  );
  const pairs = LooksAlike.map(
    ({ ResourceType, TagKey, A, B, ResourcesA, ResourcesB }) =>
      `${TagKey === undefined ? 'key' : `value of ${quote(TagKey, 64)}`} ${quote(A, 64)} (${ResourcesA}) and ${quote(B, 64)} (${ResourcesB})${several ? ` on ${ResourceType}` : ''}`,
  );
  return [
    ...keys,
    ...(OtherTagKeys === 0
      ? []
      : [`And ${counted(OtherTagKeys, 'less frequent tag key')}: name one as TagKey to see it.`]),
    ...(pairs.length === 0 ? [] : [`Look alike: ${someOf(pairs, lookalikes)}.`]),
  ];
}

function keyText({ TagKey, Resources, Missing, Values, OtherValues }: ShownKey): string {
  const values = Values.map(({ TagValue, Resources: count }) => `${quote(TagValue, 64)} ${count}`);
  const others = OtherValues === 0 ? '' : ` and ${counted(OtherValues, 'other value')}`;
  const list = values.length === 0 ? '' : `: ${values.join(', ')}${others}`;
  return `${quote(TagKey, 64)} on ${Resources}, missing on ${Missing}${list}`;
}
