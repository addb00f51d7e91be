import type { LineHealthDto, MeterNow, RegisterReading, Trend } from '#contract/index.ts';
import type { LineHealth, SerialSettings } from '#drivers/core/index.ts';
import type { TrendBucket } from '#server/platform/telemetry/index.ts';
import type { RegisterRow } from './registerStore.ts';
import type { HeldProtection, MeterView } from './types.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** Fields that are absent rather than undefined: `exactOptionalPropertyTypes`, and JSON. */
function optional<K extends string, T, R>(key: K, value: T | undefined, map: (value: T) => R): { [P in K]?: R } {
  return value === undefined ? {} : ({ [key]: map(value) } as { [P in K]?: R });
}

export function toMeterNow({ profile, last, stale, state }: MeterView, held: HeldProtection | undefined): MeterNow {
  const { money, link, relay, protection } = state.since;
  return {
    meterId: profile.meter.id,
    facts: state.facts,
    since: { money: iso(money), link: iso(link), relay: iso(relay), protection: iso(protection) },
    marks: state.marks,
    stale,
    values: { ...last?.values },
    rejected: (last?.rejected ?? []).map(({ quantity, raw, reason }) => ({ quantity, raw, reason })),
    livePollMs: profile.livePollMs,
    registerPollMs: profile.registerPollMs,
    ...optional('readAt', last?.readAtMs, iso),
    ...optional('balanceMinor', last?.balanceMinor, String),
    // The meter's own clock shows local time; it travels as if it were UTC.
    ...optional('meterClock', last?.meterClockMs, iso),
    ...optional('protection', held, ({ by, untilMs }) => ({ by, ...optional('until', untilMs, iso) })),
  };
}

export function toRegisterReading(row: RegisterRow): RegisterReading {
  return {
    meterId: row.meterId,
    instant: iso(row.instantMs),
    readAt: iso(row.readAtMs),
    quality: row.quality,
    source: row.source,
    registers: Object.fromEntries(Object.entries(row.registers).map(([counter, value]) => [counter, String(value)])),
    ...optional('balanceMinor', row.balanceMinor, String),
    ...optional('purchaseCount', row.purchaseCount, (count) => count),
    ...optional('edited', row.edited, ({ energyWh }) => ({
      energyWh: energyWh === undefined ? null : String(energyWh),
    })),
  };
}

export function toTrendPoint({ atMs, count, sum, min, max, last }: TrendBucket): Trend['points'][number] {
  return { at: iso(atMs), mean: sum / count, min, max, last };
}

/** "9600 8N1", as it is written on devices. */
export function serialText({ baud, parity, stopBits }: SerialSettings): string {
  return `${baud} 8${parity.charAt(0).toUpperCase()}${stopBits}`;
}

/** Health of a running line, without what names it. */
export function toHealthFigures(health: LineHealth): Omit<LineHealthDto, 'name' | 'gatewayCode' | 'serial'> {
  return {
    lineId: health.lineId,
    gatewayId: health.gatewayId,
    link: health.link,
    linkSince: iso(health.linkSinceMs),
    linkReason: health.linkReason,
    ...optional('cycleMs', health.cycleMs, (ms) => ms),
    cycleLimitMs: health.cycleLimitMs,
    requests: health.requests,
    replies: health.replies,
    timeouts: health.timeouts,
    crcErrors: health.crcErrors,
    frameErrors: health.frameErrors,
    exceptions: health.exceptions,
    lateReplies: health.lateReplies,
    reconnects: health.reconnects,
    overruns: health.overruns,
    queueDepth: health.queueDepth,
    lostToSilenceMs: health.lostToSilenceMs,
    quarantined: health.quarantined,
    meters: health.meters.map(({ backoffUntilMs, lastReplyMs, replyTimeMs, ...meter }) => ({
      meterId: meter.meterId,
      unitAddress: meter.unitAddress,
      reads: meter.reads,
      failures: meter.failures,
      consecutiveFailures: meter.consecutiveFailures,
      ...optional('backoffUntil', backoffUntilMs, iso),
      ...optional('lastReply', lastReplyMs, iso),
      ...optional('replyTimeMs', replyTimeMs, (ms) => ms),
    })),
  };
}

/** What there is to say of a line that is not run. */
export function stoppedHealth(
  lineId: number,
  gatewayId: number,
): Omit<LineHealthDto, 'name' | 'gatewayCode' | 'serial'> {
  return {
    lineId,
    gatewayId,
    link: 'stopped',
    linkReason: 'disabled',
    cycleLimitMs: 0,
    requests: 0,
    replies: 0,
    timeouts: 0,
    crcErrors: 0,
    frameErrors: 0,
    exceptions: 0,
    lateReplies: 0,
    reconnects: 0,
    overruns: 0,
    queueDepth: 0,
    lostToSilenceMs: 0,
    quarantined: 0,
    meters: [],
  };
}
