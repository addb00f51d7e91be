import { describe, expect, test } from 'vitest';
import {
  DISPLAY_STATES,
  displayState,
  LINK_STATES,
  type MeterFacts,
  MONEY_STATES,
  PROTECTION_STATES,
  packFacts,
  RELAY_STATES,
  unpackFacts,
} from '#domain/meterState.ts';
import { contrast, DEFICIENCIES, distance } from '../support/colour.ts';

const THEMES = { dark: '#0e1215', light: '#eef0ef' } as const;
/** Least contrast of a graphical object against its ground (WCAG 2.2, 1.4.11). */
const CONTRAST_MIN = 3;
/** OKLab distance at which two patches side by side are told apart without looking twice. */
const DISTANCE_MIN = 0.05;

function* allFacts(): Generator<MeterFacts> {
  for (const money of MONEY_STATES)
    for (const link of LINK_STATES)
      for (const relay of RELAY_STATES)
        for (const protection of PROTECTION_STATES) yield { money, link, relay, protection };
}

describe('the one display state', () => {
  test.each([
    [{ link: 'lost', money: 'arrears' }, 'lost'],
    [{ link: 'lost', money: 'notOpened' }, 'lost'],
    [{ link: 'late', money: 'normal' }, 'opened'],
    [{ link: 'online', money: 'notOpened' }, 'notOpened'],
    [{ link: 'online', money: 'arrears' }, 'arrears'],
    [{ link: 'late', money: 'alarm2' }, 'alarm2'],
    [{ link: 'online', money: 'alarm1' }, 'alarm1'],
    [{ link: 'online', money: 'normal' }, 'opened'],
  ] as const)('%o shows as %s', (facts, shown) => {
    expect(displayState({ relay: 'closed', protection: 'none', ...facts })).toBe(shown);
  });

  test('relay and protection never change it', () => {
    for (const facts of allFacts()) {
      expect(displayState(facts)).toBe(displayState({ ...facts, relay: 'unknown', protection: 'none' }));
    }
  });

  test('every row can be reached', () => {
    expect(new Set([...allFacts()].map(displayState))).toEqual(new Set(DISPLAY_STATES.map(({ key }) => key)));
  });
});

describe('packed facts', () => {
  test('every combination of facts and marks comes back as it went', () => {
    const seen = new Set<number>();
    for (const facts of allFacts()) {
      for (let marks = 0; marks < 16; marks++) {
        const packed = packFacts(facts, marks);
        seen.add(packed);
        expect(unpackFacts(packed)).toEqual({ facts, marks });
      }
    }
    expect(seen.size).toBe(5 * 3 * 4 * 4 * 16);
  });

  test('unknown codes read as trouble, never as normal', () => {
    expect(unpackFacts(7 | (3 << 3)).facts).toMatchObject({ money: 'notOpened', link: 'lost' });
  });
});

describe('colours', () => {
  const pairs = DISPLAY_STATES.flatMap((a, index) => DISPLAY_STATES.slice(index + 1).map((b) => [a, b] as const));

  test.each(Object.entries(THEMES))('every abnormal state stands out from the %s ground', (theme, ground) => {
    for (const row of DISPLAY_STATES.filter(({ severity }) => severity > 0)) {
      const ratio = contrast(theme === 'dark' ? row.dark : row.light, ground);
      expect(ratio, `${row.key} ${theme}`).toBeGreaterThanOrEqual(CONTRAST_MIN);
    }
  });

  test('any two states differ by their mark', () => {
    for (const [a, b] of pairs) expect(a.mark, `${a.key} and ${b.key}`).not.toBe(b.mark);
  });

  test.each(['dark', 'light'] as const)(
    'with any colour vision, %s colours that look alike have different marks',
    (theme) => {
      for (const name of DEFICIENCIES) {
        const alike = pairs.filter(([a, b]) => distance(a[theme], b[theme], name) < DISTANCE_MIN);
        for (const [a, b] of alike) expect(a.mark, `${a.key} and ${b.key}, ${name}`).not.toBe(b.mark);
      }
    },
  );

  test.each(['dark', 'light'] as const)('no deficiency makes a %s money alarm look like the normal tile', (theme) => {
    const normal = DISPLAY_STATES.find(({ key }) => key === 'opened')?.[theme] ?? '';
    for (const name of DEFICIENCIES) {
      for (const row of DISPLAY_STATES.filter(({ key }) => ['arrears', 'alarm2', 'alarm1'].includes(key))) {
        expect(distance(row[theme], normal, name), `${row.key}, ${name}`).toBeGreaterThanOrEqual(3 * DISTANCE_MIN);
      }
    }
  });
});
