/** How one attempt ended. */
export type Outcome =
  | { readonly kind: 'sent' }
  /** It may go better later; not before `retryAfterMs` where the other side said so. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  /** It will be refused again. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The receiver is no more. */
  | { readonly kind: 'gone'; readonly reason: string };
