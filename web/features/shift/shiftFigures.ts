import { ALARM_TARGETS, type AlarmFigures } from '#contract/alarmFigures.ts';

export interface ShiftTile {
  readonly key: 'average' | 'peak' | 'flood' | 'standing' | 'standingLong' | 'chattering';
  readonly text: string;
  /** Absent where EEMUA 191 names none. */
  readonly target?: string;
  readonly isOver: boolean;
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** The figures as tiles; targets are for all operators of the shift together. */
export function tilesOf(figures: AlarmFigures): readonly ShiftTile[] {
  const { operators } = figures;
  const averageMax = ALARM_TARGETS.averagePer10Min * operators;
  const peakMax = ALARM_TARGETS.peakPer10Min * operators;
  return [
    {
      key: 'average',
      text: figures.averagePer10Min.toFixed(1),
      target: String(averageMax),
      isOver: figures.averagePer10Min > averageMax,
    },
    {
      key: 'peak',
      text: String(figures.peakPer10Min),
      target: String(peakMax),
      isOver: figures.peakPer10Min > peakMax,
    },
    {
      key: 'flood',
      text: percent(figures.floodShare),
      target: percent(ALARM_TARGETS.floodShare),
      isOver: figures.floodShare > ALARM_TARGETS.floodShare,
    },
    { key: 'standing', text: String(figures.standing), isOver: false },
    {
      key: 'standingLong',
      text: String(figures.standingLong),
      target: String(ALARM_TARGETS.standingLong),
      isOver: figures.standingLong > ALARM_TARGETS.standingLong,
    },
    {
      key: 'chattering',
      text: String(figures.chattering),
      target: String(ALARM_TARGETS.chattering),
      isOver: figures.chattering > ALARM_TARGETS.chattering,
    },
  ];
}

export interface ShiftBar {
  readonly fromMs: number;
  readonly raised: number;
  /** Of the highest bar, or of the flood's beginning where no bar reaches it. */
  readonly height: number;
  readonly isFlood: boolean;
}

const INTERVAL_MS = 600_000;

/** Bars of ten minutes, and where on the same scale a flood begins. */
export function barsOf(figures: AlarmFigures): { readonly bars: readonly ShiftBar[]; readonly limit: number } {
  const floodAbove = ALARM_TARGETS.floodAbove * figures.operators;
  const scale = Math.max(floodAbove * 1.2, ...figures.per10Min);
  const startMs = Date.parse(figures.shift.from);
  const floods = figures.floods.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) }));
  const bars = figures.per10Min.map((raised, index) => {
    const fromMs = startMs + index * INTERVAL_MS;
    const isFlood = floods.some((flood) => fromMs >= flood.fromMs && fromMs < flood.toMs);
    return { fromMs, raised, height: raised / scale, isFlood };
  });
  return { bars, limit: floodAbove / scale };
}

/** Times of day out of what was typed; undefined when it is not one to six ascending ones. */
export function shiftStartsOf(typed: string): string[] | undefined {
  const starts = typed.trim().split(/[\s,，、;；]+/);
  const isGood = starts.every((start, index) => {
    const before = starts[index - 1];
    return /^([01]\d|2[0-3]):[0-5]\d$/.test(start) && (before === undefined || before < start);
  });
  return isGood && starts.length <= 6 ? starts : undefined;
}
