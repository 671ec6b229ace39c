/** A source that is set up but cannot be used. The message is in our own words and safe to show. */
export class UnusableSource extends Error {
  override readonly name = 'UnusableSource';
}
