/** A command that Redis did not carry out, or not for certain. The message holds a code only: no URL, no password. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';
  /** The system's, such as `ECONNREFUSED`, or Redis's own, such as `NOAUTH` or `OOM`. */
  readonly code: string;
  /** Redis itself answered so: the command was not carried out. Otherwise it may have been, or may be yet. */
  readonly isReply: boolean;

  constructor(code: string, isReply = false) {
    super(code);
    this.code = code;
    this.isReply = isReply;
  }
}
