/** Screens of one wall do not all ask for the new release in the same second. */
const SPREAD_MS = 4_000;
const AGAIN_MS = 2_000;
/** A network that swallows everything answers a question never: it is asked again instead. */
const ANSWER_MS_MAX = 10_000;

export interface ReloadDeps {
  readonly reload: () => void;
  /** Whether the page that a reload would fetch can be had now: a wall must never end on the browser's error page. */
  readonly isServed: () => Promise<boolean>;
  readonly chance?: () => number;
}

/** Loads the page again once nobody is typing, since a form never loses what was typed, and once the server has it. */
export function reloadSoftly({ reload, isServed, chance = Math.random }: ReloadDeps): void {
  const attempt = async (): Promise<void> => {
    if (!isTyping(document.activeElement) && (await isServed())) reload();
    else setTimeout(() => void attempt(), AGAIN_MS);
  };
  setTimeout(() => void attempt(), chance() * SPREAD_MS);
}

/** Whether the server that is reached now is of `release` and gives the page. */
export async function servesRelease(release: string, ask: typeof fetch = fetch): Promise<boolean> {
  try {
    const asked = (): RequestInit => ({ cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const health = await ask('/healthz', asked());
    const { release: reached }: { release?: unknown } = await health.json();
    return reached === release && (await ask('/', asked())).ok;
  } catch {
    return false;
  }
}

function isTyping(element: Element | null): boolean {
  return (
    element !== null &&
    (element.matches('input, textarea, select') || element.closest('[role="dialog"], form') !== null)
  );
}
