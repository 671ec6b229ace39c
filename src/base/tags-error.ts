/** Codes of our own, beside those of Alibaba Cloud. Part of the public interface. */
export type TagsErrorCode =
  | 'INVALID_ARGUMENT'
  | 'REGION_REQUIRED'
  | 'PROTECTED_TAG'
  | 'DECLINED'
  | 'CANCELLED'
  | 'CANNOT_PROMPT'
  | 'PLAN_EXPIRED'
  | 'PLAN_MISMATCH'
  | 'CHANGED_SINCE_PREVIEW'
  | 'JOURNAL_UNAVAILABLE'
  | 'CHANGE_RUNNING'
  | 'CHANGE_NOT_FOUND'
  | 'BUSY';

/** A refusal of ours, made before anything was sent: nothing was changed. */
export class TagsError extends Error {
  override readonly name = 'TagsError';
  readonly code: TagsErrorCode;
  /** One next step, a sentence. */
  readonly next: string;

  /** `message` says what failed and why, in a sentence. Text from outside in it must be quoted already. */
  constructor(code: TagsErrorCode, message: string, next: string) {
    super(message);
    this.code = code;
    this.next = next;
  }
}
