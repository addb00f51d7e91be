/** Severities of an alarm: low, medium, high. */
export const SEVERITIES = [1, 2, 3] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One note: when it begins and how long it sounds, in seconds from the beginning of the tone, and how high it is. */
export interface Note {
  readonly atS: number;
  readonly lengthS: number;
  readonly hertz: number;
}

const NOTE_S = 0.14;
const STEP_S = 0.2;

/**
 * A tone for each severity that is told apart without looking: one, two or three notes, rising with the severity, and sooner again.
 * Short bursts by priority, as IEC 60601-1-8 has them, in a room in which people talk.
 */
export const TONES: Readonly<Record<Severity, { readonly notes: readonly Note[]; readonly everyMs: number }>> = {
  1: { notes: burst([523]), everyMs: 20_000 },
  2: { notes: burst([523, 659]), everyMs: 8_000 },
  3: { notes: burst([659, 784, 988]), everyMs: 3_000 },
};

/** Loud enough for a room, softened at both ends so that it does not click. */
const GAIN = 0.18;
const EDGE_S = 0.012;

function burst(hertz: readonly number[]): readonly Note[] {
  return hertz.map((one, index) => ({ atS: index * STEP_S, lengthS: NOTE_S, hertz: one }));
}

/** Plays the tone of a severity once; silent where the browser has not let the context run yet. */
export function playTone(context: AudioContext, severity: Severity): void {
  if (context.state !== 'running') return;
  for (const { atS, lengthS, hertz } of TONES[severity].notes) {
    const from = context.currentTime + atS;
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(GAIN, from + EDGE_S);
    volume.gain.setValueAtTime(GAIN, from + lengthS - EDGE_S);
    volume.gain.linearRampToValueAtTime(0, from + lengthS);
    const voice = new OscillatorNode(context, { type: 'triangle', frequency: hertz });
    voice.connect(volume).connect(context.destination);
    voice.start(from);
    voice.stop(from + lengthS);
  }
}
