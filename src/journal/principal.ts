/** Who calls, and whose changes and plans that caller may see. */
export interface Principal {
  /** Undefined where callers have no names (stdio, HTTP on loopback). */
  readonly subject: string | undefined;
  /** Everybody's changes, or only their own. */
  readonly seesAll: boolean;
}

export function maySee({ subject, seesAll }: Principal, record: { readonly subject?: string | undefined }): boolean {
  return seesAll || record.subject === subject;
}
