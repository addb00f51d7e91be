import { DISPLAY_STATES } from '#domain/meterState.ts';

/** Colours of the dark theme: states from the domain's table, the rest as in the client's tokens. */
export const COLOURS = {
  now: '#5cc8ff',
  earlier: '#84929b',
  muchEarlier: '#566974',
  plain: '#e8edf0',
  limit: '#f28a2a',
  bad: '#f04f4f',
} as const;

/** Fields of the measurement `estate` in the order of the domain's table, with names and colours from there. */
export const STATE_FIELDS = DISPLAY_STATES.map(({ key, zh, en, dark }) => ({
  field: key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  name: { zh, en },
  colour: dark,
}));
