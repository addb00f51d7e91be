import type { DoctorLine, DoctorProposal, DoctorSheet, Gateway, Line, Meter } from '#contract/index.ts';
import { TIME_PARTS, type TimePart } from '#domain/busFacts.ts';
import type { Action, Proposal } from '#domain/busProposals.ts';
import type { Examined } from './ward.ts';
import type { Minute } from './watch.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** A figure that is absent rather than undefined, as JSON has it. */
function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}

/** "9600 8N1", as it is written on devices. */
function serialText({ baud, parity, stopBits }: Line['serial']): string {
  return `${baud} 8${parity.charAt(0).toUpperCase()}${stopBits}`;
}

function whose(line: Line, gateway: Gateway) {
  return {
    lineId: line.id,
    gatewayId: gateway.id,
    propertyId: gateway.propertyId,
    gatewayCode: gateway.code,
    name: line.name,
    serial: serialText(line.serial),
    link: line.link,
    meterCount: line.meterCount,
  };
}

/** What the list and the sheet have in common. */
function figuresOf(line: Line, gateway: Gateway, { diagnosis, sinceMs }: Examined) {
  const { verdict, observedMs, utilisation, load, parts, answering, dead, overruns } = diagnosis;
  return {
    ...whose(line, gateway),
    verdict,
    since: iso(sinceMs),
    observedMs,
    utilisation,
    load,
    ...optional('cycleMs', diagnosis.cycleMs),
    ...optional('cycleLimitMs', diagnosis.cycleLimitMs),
    answering,
    dead,
    overruns,
    parts,
  };
}

export function toDoctorLine(line: Line, gateway: Gateway, examined: Examined): DoctorLine {
  const { proposals } = examined.diagnosis;
  const [best] = proposals;
  return {
    ...figuresOf(line, gateway, examined),
    ...optional('best', best === undefined ? undefined : toProposal(best)),
    proposalCount: proposals.length,
  };
}

export function toDoctorSheet(
  line: Line,
  gateway: Gateway,
  examined: Examined,
  minutes: readonly Minute[],
  meterOf: (meterId: number) => Meter | undefined,
): DoctorSheet {
  const { diagnosis, health, window, sinceMs } = examined;
  const { requests, timeouts, crcErrors, frameErrors, lateReplies, reconnects } = window.line;
  const wallOf = (atMs: number) => iso(sinceMs + (atMs - window.sinceMs));
  return {
    ...figuresOf(line, gateway, examined),
    proposals: diagnosis.proposals.map(toProposal),
    responseTimeoutMs: health.responseTimeoutMs,
    turnaroundMs: health.turnaroundMs,
    requests,
    timeouts,
    crcErrors,
    frameErrors,
    lateReplies,
    reconnects,
    meters: diagnosis.meters.map(({ visitMs, ...meter }) => {
      const { meterNumber = '', modelId = '', placeId = gateway.propertyId } = meterOf(meter.meterId) ?? {};
      return { ...meter, meterNumber, modelId, placeId, ...optional('visitMs', visitMs) };
    }),
    history: minutes.map(({ atMs, cycleMs, utilisation, silenceMs, overruns }) => ({
      at: wallOf(atMs),
      ...optional('cycleMs', cycleMs),
      utilisation,
      silenceMs: Math.round(silenceMs),
      overruns,
    })),
  };
}

const NO_TIME = Object.fromEntries(TIME_PARTS.map((part) => [part, 0])) as Record<TimePart, number>;

/** What there is to say of a line that is not run. */
function stoppedFigures(line: Line, gateway: Gateway, nowMs: number) {
  return {
    ...whose(line, gateway),
    verdict: 'stopped' as const,
    since: iso(nowMs),
    observedMs: 0,
    utilisation: 0,
    load: 0,
    answering: 0,
    dead: 0,
    overruns: 0,
    parts: NO_TIME,
  };
}

export function stoppedLine(line: Line, gateway: Gateway, nowMs: number): DoctorLine {
  return { ...stoppedFigures(line, gateway, nowMs), proposalCount: 0 };
}

export function stoppedSheet(line: Line, gateway: Gateway, nowMs: number): DoctorSheet {
  const { responseTimeoutMs, turnaroundMs } = line;
  return {
    ...stoppedFigures(line, gateway, nowMs),
    proposals: [],
    responseTimeoutMs,
    turnaroundMs,
    requests: 0,
    timeouts: 0,
    crcErrors: 0,
    frameErrors: 0,
    lateReplies: 0,
    reconnects: 0,
    meters: [],
    history: [],
  };
}

function toProposal({ action, effect, confidence }: Proposal): DoctorProposal {
  const { cycleBeforeMs, cycleAfterMs, endsOverruns, ...figures } = effect;
  return {
    action: toAction(action),
    effect: {
      ...figures,
      ...optional('cycleBeforeMs', cycleBeforeMs),
      ...optional('cycleAfterMs', cycleAfterMs),
      ...optional('endsOverruns', endsOverruns),
    },
    confidence,
  };
}

/** The contract's lists may be changed by who reads them; the domain's may not. */
function toAction(action: Action): DoctorProposal['action'] {
  if (action.kind === 'splitLine') return { ...action, meters: [...action.meters] };
  if (action.kind === 'repairMeters') return { ...action, meters: action.meters.map((meter) => ({ ...meter })) };
  return action;
}
