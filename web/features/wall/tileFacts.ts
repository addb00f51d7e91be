import type { MeterNow } from '#contract/metering.ts';
import { DISPLAY_STATES, type DisplayState, MARKS, unpackFacts } from '#domain/meterState.ts';
import type { Language } from '../../i18n/index.ts';
import { ABSENT, formatAge, formatMoment, formatMoney, loadText, type Translate } from '../../ui/format.ts';
import type { TileSubject } from './tileWords.ts';

export interface TileFacts {
  /** `awaited`: nothing was heard of its property yet. */
  readonly state: DisplayState | 'awaited';
  /** "Arrears since 20:31, relay open" */
  readonly sentence: string;
  readonly rows: readonly { readonly label: string; readonly value: string }[];
}

export interface TileFactsDeps {
  readonly t: Translate & ((key: string) => string);
  readonly nowMs: number;
  readonly language: Language;
}

/** What is known about a tile, in words: from the live feed at once, with the since of the details when they come. */
export function tileFacts(subject: TileSubject, details: MeterNow | undefined, deps: TileFactsDeps): TileFacts {
  const { t } = deps;
  const { store, layout } = subject.feed;
  const { slot } = subject;
  if (!store.known) return { state: 'awaited', sentence: t('wall.tileAwaited'), rows: [numberRow(subject, t)] };
  const { facts, marks } = unpackFacts(store.packedFacts[slot] ?? 0);
  const state = DISPLAY_STATES[store.stateIndex[slot] ?? 0]?.key ?? 'lost';
  const since = details?.since[state === 'lost' ? 'link' : 'money'];
  const parts = [
    since === undefined
      ? t(`state.${state}`)
      : t('wall.since', {
          state: t(`state.${state}`),
          time: formatMoment(since, deps.nowMs, layout.timeZone, deps.language),
        }),
  ];
  if (facts.relay === 'open') parts.push(t('wall.relayOpen'));
  if (facts.relay === 'disagrees') parts.push(t('wall.relayDisagrees'));
  if (facts.link === 'late') parts.push(t('link.late'));
  if (marks & MARKS.overload) parts.push(t('mark.overload'));
  if (marks & MARKS.commandInFlight) parts.push(t('mark.commandInFlight'));
  if (marks & MARKS.unacknowledgedAlarm) parts.push(t('wall.unacknowledgedAlarm'));
  if (marks & MARKS.stale) parts.push(t('wall.staleReading'));
  const heardAtMs = store.heardAtMs[slot] ?? Number.NaN;
  const loadW = store.loadW[slot] ?? Number.NaN;
  return {
    state,
    sentence: parts.join(deps.language === 'zh' ? '，' : ', '),
    rows: [
      {
        label: t('wall.balance'),
        value: store.hasBalance[slot] === 1 ? formatMoney(store.balanceMinor[slot], layout.currency) : ABSENT,
      },
      { label: t('wall.loadOf'), value: Number.isNaN(loadW) ? ABSENT : loadText(loadW) },
      {
        label: t('wall.lastHeard'),
        value: Number.isNaN(heardAtMs)
          ? t('wall.neverHeard')
          : t('time.ago', { age: formatAge(deps.nowMs - heardAtMs, t) }),
      },
      { label: t('wall.protected'), value: t(`protection.${facts.protection}`) },
      numberRow(subject, t),
    ],
  };
}

function numberRow({ feed, slot }: TileSubject, t: TileFactsDeps['t']) {
  return { label: t('wall.meterNumber'), value: feed.layout.meters.meterNumber[slot] ?? ABSENT };
}
