/** Patterns of a statement; `not` for `NotAction` and `NotResource`. */
export interface Patterns {
  readonly not: boolean;
  readonly patterns: readonly string[];
}

/** One key of one operator: `"StringEquals": {"kms:tag/env": ["prod"]}`. Its values are alternatives. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement of a RAM, key or secret policy. All text in it is other people's. */
export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Patterns;
  readonly resources: Patterns;
  /** All of them must hold. */
  readonly conditions: readonly Condition[];
  /** Key and secret policies name whom they are about; for RAM policies it is whom they are attached to. */
  readonly principals: readonly string[];
}

/** What could be read of a policy document. */
export interface PolicyDocument {
  readonly statements: readonly Statement[];
  /** What could not be read, in our words; undefined when all of it could. */
  readonly problem: string | undefined;
}
