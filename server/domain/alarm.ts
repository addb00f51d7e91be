import { type MeterState, OVERLOAD_CLEAR_RATIO } from './evaluate.ts';

/** What one look says about a condition. `between`: neither clearly there nor clearly gone. */
export type Observation = 'holds' | 'gone' | 'between';

/** Hysteresis of one kind of alarm: how long, and over how many looks in a row, before it is raised or cleared. */
export interface AlarmRule {
  readonly raiseAfterMs: number;
  readonly raiseAfterLooks: number;
  readonly clearAfterMs: number;
  readonly clearAfterLooks: number;
}

/**
 * The rules by kind. A balance bit is the meter's own and is believed at once; it is gone only after three readings
 * without it. A path is lost after ten seconds, since a gateway that restarts its network is back sooner.
 */
export const ALARM_RULES = {
  // Gateways come back one by one, their pause between attempts grows to half a minute: until then the cause stands.
  networkLost: { raiseAfterMs: 10_000, raiseAfterLooks: 1, clearAfterMs: 60_000, clearAfterLooks: 1 },
  gatewayLost: { raiseAfterMs: 10_000, raiseAfterLooks: 1, clearAfterMs: 5_000, clearAfterLooks: 1 },
  lineLost: { raiseAfterMs: 10_000, raiseAfterLooks: 1, clearAfterMs: 5_000, clearAfterLooks: 1 },
  meterLost: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 15_000, clearAfterLooks: 1 },
  balanceLow1: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 3 },
  balanceLow2: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 3 },
  arrears: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 3 },
  overload: { raiseAfterMs: 60_000, raiseAfterLooks: 2, clearAfterMs: 60_000, clearAfterLooks: 2 },
  relayDisagrees: { raiseAfterMs: 20_000, raiseAfterLooks: 2, clearAfterMs: 0, clearAfterLooks: 2 },
  // A meter that answers the next read was slow, not in doubt.
  commandInDoubt: { raiseAfterMs: 10_000, raiseAfterLooks: 2, clearAfterMs: 0, clearAfterLooks: 1 },
  downloadFailed: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 1 },
  vendInDoubt: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 1 },
  vendQuarantined: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 1 },
  foreignWrite: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 0, clearAfterLooks: 1 },
  storeDown: { raiseAfterMs: 60_000, raiseAfterLooks: 2, clearAfterMs: 10_000, clearAfterLooks: 2 },
  spoolFull: { raiseAfterMs: 0, raiseAfterLooks: 1, clearAfterMs: 60_000, clearAfterLooks: 2 },
} as const satisfies Record<string, AlarmRule>;

/** Where a condition stands. `sinceMs` and `looks` count towards the next change; undefined when nothing is under way. */
export interface Track {
  readonly open: boolean;
  readonly sinceMs: number | undefined;
  readonly looks: number;
}

export const QUIET_TRACK: Track = { open: false, sinceMs: undefined, looks: 0 };
export const OPEN_TRACK: Track = { open: true, sinceMs: undefined, looks: 0 };

/** One look at a condition: the new track, and whether an alarm is to be raised or cleared now. */
export function stepTrack(
  track: Track,
  observation: Observation,
  rule: AlarmRule,
  nowMs: number,
): { readonly track: Track; readonly action: 'none' | 'raise' | 'clear' } {
  const leaving = track.open ? observation === 'gone' : observation === 'holds';
  if (!leaving) return { track: track.open ? OPEN_TRACK : QUIET_TRACK, action: 'none' };
  const sinceMs = track.sinceMs ?? nowMs;
  const looks = track.looks + 1;
  const afterMs = track.open ? rule.clearAfterMs : rule.raiseAfterMs;
  const afterLooks = track.open ? rule.clearAfterLooks : rule.raiseAfterLooks;
  if (nowMs - sinceMs < afterMs || looks < afterLooks) {
    return { track: { open: track.open, sinceMs, looks }, action: 'none' };
  }
  return track.open ? { track: QUIET_TRACK, action: 'clear' } : { track: OPEN_TRACK, action: 'raise' };
}

/** Is contact with the meter itself lost? While its path explains the silence there is nothing to say about the meter. */
export function observeMeterLost(state: MeterState): Observation {
  if (state.facts.link === 'online') return 'gone';
  return state.lostCause === 'meter' ? 'holds' : 'between';
}

/** The three balance alarms exclude each other: the meter has one money position. */
export function observeMoney(state: MeterState, money: 'alarm1' | 'alarm2' | 'arrears'): Observation {
  return state.facts.money === money ? 'holds' : 'gone';
}

export function observeRelay(state: MeterState): Observation {
  return state.facts.relay === 'disagrees' ? 'holds' : 'gone';
}

/**
 * Overload by our limit (W), or by the meter's own bit. Gone only below 95 % of the limit, so that a load that hovers
 * around it raises one alarm and not twenty.
 */
export function observeOverload(
  loadW: number | undefined,
  limitW: number | undefined,
  meterSaysOver: boolean | undefined,
): Observation {
  if (meterSaysOver === true) return 'holds';
  if (limitW === undefined) return 'gone';
  if (loadW === undefined) return 'between';
  if (loadW > limitW) return 'holds';
  return loadW < limitW * OVERLOAD_CLEAR_RATIO ? 'gone' : 'between';
}

/** A line as root cause analysis sees it. */
export interface LinePath {
  readonly lineId: number;
  readonly gatewayId: number;
  readonly down: boolean;
}

/**
 * The highest causes that explain what is down: a gateway when all its lines are down, else the lines.
 * A gateway with a single line is the gateway.
 */
export function lostCauses(lines: readonly LinePath[]): {
  readonly gatewayIds: ReadonlySet<number>;
  readonly lineIds: ReadonlySet<number>;
} {
  const alive = new Set(lines.filter((line) => !line.down).map((line) => line.gatewayId));
  const down = lines.filter((line) => line.down);
  return {
    gatewayIds: new Set(down.filter((line) => !alive.has(line.gatewayId)).map((line) => line.gatewayId)),
    lineIds: new Set(down.filter((line) => alive.has(line.gatewayId)).map((line) => line.lineId)),
  };
}

/** With fewer gateways their loss together may be chance. */
export const NETWORK_GATEWAYS_MIN = 3;
/** One in ten may have another way, or a single meter whose silence blames the meter. */
const NETWORK_LOST_SHARE = 0.9;
/** When so many go within this time more may follow; */
const GOING_MS = 20_000;
/** a single gateway waits for the others no longer than this. */
const GOING_MS_MAX = 60_000;

/** A gateway as the network level sees it. */
export interface GatewayPath {
  readonly gatewayId: number;
  readonly propertyId: number;
  readonly down: boolean;
  /** Since when it is down; means nothing when it is not. */
  readonly sinceMs: number;
}

/** Is the way to a whole property lost? `gateways`: all that are to run there. */
export function observeNetwork(gateways: readonly GatewayPath[]): Observation {
  const down = gateways.filter((gateway) => gateway.down).length;
  const enough = gateways.length >= NETWORK_GATEWAYS_MIN && down >= gateways.length * NETWORK_LOST_SHARE;
  return enough ? 'holds' : 'gone';
}

/** When the last gateway is back there is nothing to wait for any more. */
export function networkRule(
  gateways: readonly GatewayPath[],
  { networkLost, gatewayLost }: { readonly networkLost: AlarmRule; readonly gatewayLost: AlarmRule },
): AlarmRule {
  return gateways.some(({ down }) => down) ? networkLost : { ...networkLost, clearAfterMs: gatewayLost.clearAfterMs };
}

/** The lost gateways of a property for which it is too early to tell: others are going too, and more may follow. */
export function goingTogether(gateways: readonly GatewayPath[], nowMs: number): ReadonlySet<number> {
  const down = gateways.filter((gateway) => gateway.down);
  if (down.filter(({ sinceMs }) => nowMs - sinceMs < GOING_MS).length < NETWORK_GATEWAYS_MIN) return new Set();
  return new Set(down.filter(({ sinceMs }) => nowMs - sinceMs < GOING_MS_MAX).map(({ gatewayId }) => gatewayId));
}

/** What waits on a disk for a store, and how much has been dropped since the program began. */
export interface SpoolLevel {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly dropped: number;
}

const SPOOL_FULL_RATIO = 0.9;
const SPOOL_CLEAR_RATIO = 0.8;

/** Does what waits for a store not fit any more? Dropping since the last look counts, however much room there is. */
export function observeSpool({ bytes, maxBytes, dropped }: SpoolLevel, droppedBefore: number): Observation {
  if (dropped > droppedBefore || bytes > maxBytes * SPOOL_FULL_RATIO) return 'holds';
  return bytes < maxBytes * SPOOL_CLEAR_RATIO ? 'gone' : 'between';
}
