/** What to do with a numbered delta. */
export type DeltaVerdict = 'apply' | 'old' | 'gap' | 'waiting';

/**
 * The numbering of one room: a snapshot sets it, every delta must follow the one before. After a gap or another epoch
 * nothing is applied until the next snapshot.
 */
export interface Sequence {
  /** A snapshot was asked for: whatever comes before it is not to be used. */
  wait(): void;
  snapshot(epoch: string, seq: number): void;
  delta(seq: number): DeltaVerdict;
  /** `gap`: the server has sent something that never came, or is another server. */
  pulse(epoch: string, seq: number): 'ok' | 'gap' | 'waiting';
}

/** A new numbering; it waits for its first snapshot. */
export function createSequence(): Sequence {
  let current: { epoch: string; seq: number } | undefined;
  return {
    wait() {
      current = undefined;
    },
    snapshot(epoch, seq) {
      current = { epoch, seq };
    },
    delta(seq) {
      if (current === undefined) return 'waiting';
      if (seq <= current.seq) return 'old';
      if (seq !== current.seq + 1) return 'gap';
      current.seq = seq;
      return 'apply';
    },
    pulse(epoch, seq) {
      if (current === undefined) return 'waiting';
      return epoch === current.epoch && seq === current.seq ? 'ok' : 'gap';
    },
  };
}
