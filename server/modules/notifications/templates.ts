import type { Names } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { AlarmFacts, Language } from './types.ts';
import { WORDS } from './words.ts';

/** Alarms that are named in a bundle that people read. */
export const BUNDLE_LINES_MAX = 10;

/** A message in words. */
export interface Texts {
  /** One line: where, then what. */
  readonly title: string;
  /** One line: value, limit and time. */
  readonly line: string;
  /** Of an e-mail. */
  readonly text: string;
}

export interface TextOptions {
  readonly language: Language;
  /** Where people reach the server; without it messages have no links. */
  readonly origin: string | undefined;
}

/** Where an alarm opens on the screens. */
export const alarmPath = (alarmId: number): string => `/alarms?alarm=${alarmId}`;
export const ALARMS_PATH = '/alarms';
const SETTINGS_PATH = '/notifications';

/** An alarm that was raised, or returned. */
export function alarmTexts(facts: AlarmFacts, options: TextOptions): Texts {
  const { language } = options;
  const words = WORDS[language];
  const what = whatOf(facts, language);
  const place = placeOf(facts, language);
  const title = `${place}${words.colon}${what}`;
  const value = valueText(facts, language);
  const rows: (readonly [string, string | undefined])[] = [
    [words.severityLabel, severityOf(facts.severity, language)],
    [words.valueLabel, value],
    [words.raisedLabel, timeOf(facts.raisedAt, facts.timeZone)],
    [words.returnedLabel, facts.returnedAt === undefined ? undefined : timeOf(facts.returnedAt, facts.timeZone)],
  ];
  const shown = rows.flatMap(([label, text]) => (text === undefined ? [] : [`${label}${words.colon}${text}`]));
  const meters = facts.childCount > 0 ? [words.meters(facts.childCount)] : [];
  const at = timeOf(facts.returnedAt ?? facts.raisedAt, facts.timeZone);
  return {
    title,
    line: [value, ...meters, at].filter((part) => part !== undefined).join(' · '),
    text: paragraphs(
      [place, what],
      [...shown, ...meters],
      linkTo(words.open, alarmPath(facts.alarmId), options),
      linkTo(words.why, SETTINGS_PATH, options),
    ),
  };
}

/** A flood as one message: how many, by kind, and the gravest of them. */
export function bundleTexts(items: readonly AlarmFacts[], count: number, options: TextOptions): Texts {
  const { language } = options;
  const words = WORDS[language];
  const places = new Set(items.map(({ path }) => nameIn(path[0], language) || words.platform));
  const where = places.size === 1 ? `${[...places][0]}${words.colon}` : '';
  const kinds = [...Map.groupBy(items, (facts) => whatOf(facts, language))];
  const line = kinds.map(([what, same]) => `${what} × ${same.length}`).join(', ');
  const lines = items.slice(0, BUNDLE_LINES_MAX).map((facts) => {
    const { title, line: details } = alarmTexts(facts, options);
    return `${title} (${details})`;
  });
  const left = count - lines.length;
  return {
    title: `${where}${words.flood(count)}`,
    line,
    text: paragraphs(
      [`${where}${words.flood(count)}`, line],
      lines,
      left > 0 ? [words.more(left)] : [],
      linkTo(words.all, ALARMS_PATH, options),
      linkTo(words.why, SETTINGS_PATH, options),
    ),
  };
}

export function testTexts(options: TextOptions): Texts {
  const { test, testText, why } = WORDS[options.language];
  return { title: test, line: testText, text: paragraphs([testText], linkTo(why, SETTINGS_PATH, options)) };
}

function whatOf({ kind, what }: AlarmFacts, language: Language): string {
  const words = WORDS[language];
  const name = STATE_WORDS[language].alarm[kind];
  if (what === 'raised') return name;
  return language === 'zh' ? `${name}，${words.returned}` : `${name}, ${words.returned}`;
}

function severityOf(severity: number, language: Language): string {
  const words = STATE_WORDS[language].severity;
  return severity >= 3 ? words[3] : severity === 2 ? words[2] : words[1];
}

/** "Mall · B · 1F · B-101 (a1)". */
function placeOf({ path, label }: AlarmFacts, language: Language): string {
  const place = path
    .map((names) => nameIn(names, language))
    .filter((name) => name !== '')
    .join(' · ');
  const thing = nameIn(label, language);
  if (place === '') return thing === '' ? WORDS[language].platform : thing;
  return thing === '' ? place : `${place} (${thing})`;
}

function nameIn(names: Names | undefined, language: Language): string {
  if (names === undefined) return '';
  return (language === 'zh' ? (names.zh ?? names.en) : (names.en ?? names.zh)) ?? '';
}

/** "5.40 kW, limit 5.00 kW". */
function valueText({ value, limit, unit, currency }: AlarmFacts, language: Language): string | undefined {
  const words = WORDS[language];
  if (value === undefined) return undefined;
  if (unit === 'gateways') {
    const count = limit === undefined ? String(value) : `${value} ${words.of} ${limit}`;
    return `${count} ${words.gateways}`;
  }
  const figure = (number: number) => figureOf(number, unit, currency);
  if (limit === undefined) return figure(value);
  return `${figure(value)}${language === 'zh' ? '，' : ', '}${words.limit} ${figure(limit)}`;
}

function figureOf(value: number, unit: string | undefined, currency: string): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'minor') return moneyOf(BigInt(Math.trunc(value)), currency);
  if (unit === 'W') return Math.abs(value) >= 1e6 ? `${(value / 1e6).toFixed(2)} MW` : `${(value / 1e3).toFixed(2)} kW`;
  return unit === undefined ? String(value) : `${value} ${unit}`;
}

function moneyOf(minor: bigint, currency: string): string {
  const size = minor < 0n ? -minor : minor;
  const whole = (size / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${minor < 0n ? '−' : ''}${currency} ${whole}.${(size % 100n).toString().padStart(2, '0')}`;
}

/** "2026-11-22 12:10:03 (Asia/Shanghai)". */
function timeOf(instant: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return `${format.format(new Date(instant))} (${timeZone})`;
}

function linkTo(words: string, path: string, { language, origin }: TextOptions): readonly string[] {
  return origin === undefined ? [] : [`${words}${WORDS[language].colon}${origin}${path}`];
}

function paragraphs(...parts: readonly (readonly string[])[]): string {
  const texts = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n')}\n`;
}
