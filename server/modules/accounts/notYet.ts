/** A step cannot be done now; why, in words for people. A case tries it again, a request is refused. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}
