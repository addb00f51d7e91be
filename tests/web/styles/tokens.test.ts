// @vitest-environment node
import { expect, test } from 'vitest';
import { DISPLAY_STATES, type DisplayState } from '#domain/meterState.ts';
import { contrast, DEFICIENCIES, type Deficiency, distance } from '../../support/colour.ts';
import { paletteOf, THEMES, type Theme, token } from '../support/tokens.ts';

const TOKEN_OF: Readonly<Record<DisplayState, string>> = {
  lost: '--lost',
  notOpened: '--not-opened',
  arrears: '--arrears',
  alarm2: '--alarm-2',
  alarm1: '--alarm-1',
  opened: '--opened-idle',
};

test.each(THEMES)('%s: the colours of states are those of the domain’s table', (theme) => {
  const tokens = DISPLAY_STATES.map((row) => [row.key, token(theme, TOKEN_OF[row.key])]);
  expect(tokens).toEqual(DISPLAY_STATES.map((row) => [row.key, row[theme]]));
});

test.each(THEMES)('%s: every abnormal state stands out from the ground by 3:1', (theme) => {
  const ground = token(theme, '--ground');
  const states = ['lost', 'notOpened', 'arrears', 'alarm2', 'alarm1'] as const;
  expect(states.filter((state) => contrast(token(theme, TOKEN_OF[state]), ground) < 3)).toEqual([]);
});

test.each(THEMES)('%s: text is readable at 4.5:1 on everything it stands on', (theme) => {
  const pairs = [
    ...['--text-1', '--text-2', '--text-3', '--select'].flatMap((text) =>
      ['--ground', '--surface-1', '--surface-2'].map((surface) => [text, surface] as const),
    ),
    ...['--alarm-1', '--alarm-2', '--arrears'].map((fill) => ['--on-mark', fill] as const),
  ];
  expect(pairs.filter(([text, under]) => contrast(token(theme, text), token(theme, under)) < 4.5)).toEqual([]);
});

test.each(THEMES)('%s: words on a quiet tile are readable however busy it is', (theme) => {
  const palette = paletteOf(theme);
  for (const fill of palette.glow) expect(contrast(palette.text1, fill)).toBeGreaterThanOrEqual(4.5);
});

/** Least distance (OKLab) at which two patches side by side are plainly two. */
const PLAINLY_DIFFERENT = 0.05;
test.each(THEMES.flatMap((theme) => DEFICIENCIES.map((deficiency): [string, Deficiency] => [theme, deficiency])))(
  '%s: alarms stay apart from the quiet tiles under %s',
  (theme, deficiency) => {
    if (theme !== 'dark' && theme !== 'light') throw new Error(theme);
    const seen = (alarm: string, quiet: string) => distance(token(theme, alarm), token(theme, quiet), deficiency);
    const pairs = ['--alarm-1', '--alarm-2', '--arrears'].flatMap((alarm) =>
      ['--opened-idle', '--opened-busy', '--ground'].map((quiet) => [alarm, quiet] as const),
    );
    expect(pairs.filter(([alarm, quiet]) => seen(alarm, quiet) <= PLAINLY_DIFFERENT)).toEqual([]);
  },
);

const PAIRS = DISPLAY_STATES.flatMap((a, index) => DISPLAY_STATES.slice(index + 1).map((b) => [a, b] as const));

test('every two states differ by their mark, whatever becomes of their colours', () => {
  expect(PAIRS.filter(([a, b]) => a.mark === b.mark).map(([a, b]) => `${a.key} ${b.key}`)).toEqual([]);
  expect(DISPLAY_STATES.filter(({ key, mark }) => (mark === 'none') !== (key === 'opened'))).toEqual([]);
});

test.each(THEMES.flatMap((theme) => DEFICIENCIES.map((deficiency): [Theme, Deficiency] => [theme, deficiency])))(
  '%s: every two states are plainly two colours under %s, besides their marks',
  (theme, deficiency) => {
    const close = PAIRS.filter(([a, b]) => distance(a[theme], b[theme], deficiency) < PLAINLY_DIFFERENT);
    expect(close.map(([a, b]) => `${a.key} ${b.key}`)).toEqual([]);
  },
);
