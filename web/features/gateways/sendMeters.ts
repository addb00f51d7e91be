import type { MeterInput } from '#contract/index.ts';

/** Requests under way at once: quick enough for a full line, gentle on the server. */
export const SEND_PARALLEL = 4;

export interface SendOutcome {
  /** Unit addresses that were saved. */
  readonly added: ReadonlySet<number>;
  /** Unit addresses that were not, each with the reason in words. */
  readonly refused: ReadonlyMap<number, string>;
}

/** Sends meters one by one, a few at a time; a refusal of one never stops the others. */
export async function sendMeters(
  meters: readonly MeterInput[],
  deps: {
    readonly send: (meter: MeterInput) => Promise<unknown>;
    readonly reason: (error: unknown) => string;
    readonly onProgress: (done: number) => void;
  },
): Promise<SendOutcome> {
  const added = new Set<number>();
  const refused = new Map<number, string>();
  const queue = [...meters];
  async function work(): Promise<void> {
    for (let meter = queue.shift(); meter !== undefined; meter = queue.shift()) {
      try {
        await deps.send(meter);
        added.add(meter.unitAddress);
      } catch (error) {
        refused.set(meter.unitAddress, deps.reason(error));
      }
      deps.onProgress(added.size + refused.size);
    }
  }
  await Promise.all(Array.from({ length: SEND_PARALLEL }, work));
  return { added, refused };
}
