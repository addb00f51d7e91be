/** Money position of a meter (product: account states). */
export const MONEY_STATES = ['notOpened', 'normal', 'alarm1', 'alarm2', 'arrears'] as const;
/** `late`: an expected reading is missing; `lost`: several are. */
export const LINK_STATES = ['online', 'late', 'lost'] as const;
/** `disagrees`: what was read back is not what was commanded. */
export const RELAY_STATES = ['closed', 'open', 'unknown', 'disagrees'] as const;
export const PROTECTION_STATES = ['none', 'forcedClosed', 'forcedOpen', 'noCutWindow'] as const;

export type MoneyState = (typeof MONEY_STATES)[number];
export type LinkState = (typeof LINK_STATES)[number];
export type RelayState = (typeof RELAY_STATES)[number];
export type ProtectionState = (typeof PROTECTION_STATES)[number];

/** The four independent facts about a meter. */
export interface MeterFacts {
  readonly money: MoneyState;
  readonly link: LinkState;
  readonly relay: RelayState;
  readonly protection: ProtectionState;
}

/**
 * The one display state, first match wins, in this order. Legend, wall, grid, Excel and Grafana all read this table.
 * `key` is also the catalogue key (`state.<key>`); colours are the tokens of the two themes; `mark` is the second cue,
 * so that colour is never the only carrier (ISA-101).
 */
// biome-ignore format: a table, one state per line
export const DISPLAY_STATES = [
  { key: 'lost', zh: '失联', en: 'Lost contact', dark: '#8b98a1', light: '#5c6870', mark: 'hatch', severity: 2, applies: (f: MeterFacts) => f.link === 'lost' },
  { key: 'notOpened', zh: '未开户', en: 'Not opened', dark: '#5f6d76', light: '#7a8489', mark: 'dashedOutline', severity: 0, applies: (f: MeterFacts) => f.money === 'notOpened' },
  { key: 'arrears', zh: '欠费', en: 'Arrears', dark: '#f04f4f', light: '#850c22', mark: 'yuanZero', severity: 3, applies: (f: MeterFacts) => f.money === 'arrears' },
  { key: 'alarm2', zh: '二级报警', en: 'Alarm 2', dark: '#f28a2a', light: '#943800', mark: 'twoBars', severity: 2, applies: (f: MeterFacts) => f.money === 'alarm2' },
  { key: 'alarm1', zh: '一级报警', en: 'Alarm 1', dark: '#e3b42d', light: '#8a6500', mark: 'oneBar', severity: 1, applies: (f: MeterFacts) => f.money === 'alarm1' },
  { key: 'opened', zh: '已开户', en: 'Opened', dark: '#2a343b', light: '#c3ccd1', mark: 'none', severity: 0, applies: () => true },
] as const satisfies readonly DisplayStateRow[];

interface DisplayStateRow {
  readonly key: string;
  readonly zh: string;
  readonly en: string;
  readonly dark: string;
  readonly light: string;
  readonly mark: 'hatch' | 'dashedOutline' | 'yuanZero' | 'twoBars' | 'oneBar' | 'none';
  readonly severity: 0 | 1 | 2 | 3;
  readonly applies: (facts: MeterFacts) => boolean;
}

export type DisplayState = (typeof DISPLAY_STATES)[number]['key'];

/** The display state of the four facts; total, since the last row always applies. */
export function displayState(facts: MeterFacts): DisplayState {
  for (const row of DISPLAY_STATES) if (row.applies(facts)) return row.key;
  return 'opened';
}

/** Flags beside the facts that show as marks on a tile. Bit positions are part of the live protocol. */
export const MARKS = {
  commandInFlight: 1,
  unacknowledgedAlarm: 2,
  overload: 4,
  /** Known from before a restart, not read since. */
  stale: 8,
} as const;

/** Facts and marks as one small integer for the live feed: money 3 bits, link 2, relay 2, protection 2, marks above. */
export function packFacts(facts: MeterFacts, marks: number): number {
  return (
    MONEY_STATES.indexOf(facts.money) |
    (LINK_STATES.indexOf(facts.link) << 3) |
    (RELAY_STATES.indexOf(facts.relay) << 5) |
    (PROTECTION_STATES.indexOf(facts.protection) << 7) |
    (marks << 9)
  );
}

/** The inverse of `packFacts`. Unknown codes read as the most cautious value (lost, unknown), never as normal. */
export function unpackFacts(packed: number): { readonly facts: MeterFacts; readonly marks: number } {
  return {
    facts: {
      money: MONEY_STATES[packed & 7] ?? 'notOpened',
      link: LINK_STATES[(packed >> 3) & 3] ?? 'lost',
      relay: RELAY_STATES[(packed >> 5) & 3] ?? 'unknown',
      protection: PROTECTION_STATES[(packed >> 7) & 3] ?? 'none',
    },
    marks: packed >> 9,
  };
}
