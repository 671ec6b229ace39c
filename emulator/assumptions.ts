/**
 * What no source tells about KMS 2016-01-20, decided here and nowhere else. Each line is a guess: when the live
 * service is seen to differ, change the line. Guessed statuses of documented codes stand in `error-table.ts`.
 */
export const assumptions = {
  /** A timestamp may be this far from the service's clock, in either direction. Pages say 15 and 31 minutes. */
  timeWindowMs: 15 * 60_000,

  /** A single-resource operation that names no target; one that names two is always InvalidParameter. */
  noTarget: 'MissingParameter',
  unknownKey: 'Forbidden.KeyNotFound',
  unknownAlias: 'Forbidden.AliasNotFound',
  unknownSecret: 'Forbidden.ResourceNotFound',
  unknownCertificate: 'Certificate.NotFound',
  /** One unknown id refuses a whole bulk request, and nothing is changed. */
  unknownBulkResource: 'InvalidResourceId.NotFound',

  /** Operations whose KeyId may be `alias/…` or an ARN. The pages of the others speak of the ID only. */
  keyIdByAliasOrArn: ['TagResource', 'DescribeKey'],
  /** Operations whose KeyId may be an ARN, but no alias. */
  keyIdByArn: ['GetKeyPolicy', 'SetKeyPolicy'],
  /** Operations whose SecretName may be an ARN. */
  secretNameByArn: ['DescribeSecret', 'GetSecretPolicy', 'SetSecretPolicy'],

  /** Documented as the account's quota for a region. */
  aliasesPerRegion: 300,

  /** GetSecretPolicy of a secret outside of KMS instances. For keys there is a code of its own. */
  secretWithoutPolicy: 'UnsupportedOperation',
  /** A PolicyName other than `default`. */
  unknownPolicyName: 'Forbidden.ResourceNotFound',

  /** Most tags on one resource, whichever operation adds them; system tags do not count. */
  tagsPerResource: 10,
  tooManyTags: 'Rejected.LimitExceeded',
  /** Tags that belong to the system: nobody writes, removes or filters by them, and `All` leaves them. */
  systemTagPrefixes: ['aliyun', 'acs:'],
  systemTag: 'InvalidParameter',
  /** Key states in which tags cannot be changed. No page says that any state forbids it. */
  statesThatForbidTagging: [],
  /** UntagResources with neither TagKey nor All=true. */
  nothingToUntag: 'MissingParameter',

  /** ListTagResources with several Tag filters: a resource must carry `every` tag, or `some`. */
  tagFiltersCombine: 'every',
  /** ListTagResources with a Tag filter: rows of all tags of the resources found, or of the tags filtered by. */
  tagFilterRows: 'all tags',

  /** A SourceIdentity. Its form is not documented where we looked; RoleSessionName's is. */
  sourceIdentityPattern: /^[\w.@=,-]{2,64}$/,
  /** What a trust policy must allow besides `sts:AssumeRole` for a caller who sets a SourceIdentity. */
  sourceIdentityAction: 'sts:SetSourceIdentity',

  /** A security token that cannot be one is Malformed; any other wrong one is MismatchWithAccessKey. */
  securityTokenPattern: /^[\w+/=.~-]+$/,
} as const;
