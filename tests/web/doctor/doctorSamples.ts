import type { DoctorLine, DoctorProposal, DoctorSheet } from '#contract/index.ts';

const NO_TIME = { wire: 0, reply: 0, silence: 0, damaged: 0, pause: 0, closed: 0, idle: 0 };

/** A proposal to repair two dead meters, with changes. */
export function proposalWith(change: Partial<DoctorProposal> = {}): DoctorProposal {
  return {
    action: {
      kind: 'repairMeters',
      meters: [
        { meterId: 7, unitAddress: 7, wonMsPerHour: 8_000 },
        { meterId: 3, unitAddress: 3, wonMsPerHour: 5_000 },
      ],
    },
    effect: {
      cycleBeforeMs: 5_000,
      cycleAfterMs: 4_000,
      loadBefore: 0.5,
      loadAfter: 0.4,
      wonMsPerHour: 13_000,
      wonReadsPerHour: 0,
    },
    confidence: 'computed',
    ...change,
  };
}

/** A healthy line of two meters after ten minutes, with changes. */
export function lineWith(change: Partial<DoctorLine> = {}): DoctorLine {
  return {
    lineId: 1,
    gatewayId: 1,
    propertyId: 1,
    gatewayCode: 'GW-1',
    name: 'A',
    serial: '9600 8N1',
    link: 'up',
    verdict: 'healthy',
    since: '2026-11-22T12:00:00.000Z',
    observedMs: 600_000,
    utilisation: 0.25,
    load: 0.25,
    cycleMs: 300,
    cycleLimitMs: 240,
    meterCount: 2,
    answering: 2,
    dead: 0,
    overruns: 0,
    parts: { ...NO_TIME, wire: 120_000, reply: 30_000, idle: 450_000 },
    proposalCount: 0,
    ...change,
  };
}

/** The sheet of a line with a dead meter, with changes. */
export function sheetWith(change: Partial<DoctorSheet> = {}): DoctorSheet {
  const { proposalCount: _count, best: _best, ...line } = lineWith();
  const meter = (unitAddress: number, silenceMs: number): DoctorSheet['meters'][number] => ({
    meterId: unitAddress,
    unitAddress,
    meterNumber: `24031150${unitAddress}`,
    modelId: 'acrel-dtsy1352',
    placeId: 1,
    state: silenceMs > 0 ? 'dead' : 'answers',
    reads: silenceMs > 0 ? 0 : 60,
    failures: silenceMs > 0 ? 12 : 0,
    damaged: 0,
    overruns: 0,
    wireMs: 0,
    replyMs: 0,
    silenceMs,
    damagedMs: 0,
    limitMs: 120,
  });
  return {
    ...line,
    verdict: 'dead',
    dead: 1,
    answering: 2,
    meterCount: 3,
    parts: { ...NO_TIME, wire: 120_000, reply: 30_000, silence: 13_449, idle: 436_551 },
    meters: [meter(1, 0), meter(3, 13_449), meter(5, 0)],
    proposals: [proposalWith()],
    responseTimeoutMs: 1_000,
    turnaroundMs: 0,
    requests: 132,
    timeouts: 12,
    crcErrors: 0,
    frameErrors: 0,
    lateReplies: 0,
    reconnects: 0,
    history: [
      { at: '2026-11-22T12:01:00.000Z', cycleMs: 300, utilisation: 0.25, silenceMs: 1_120, overruns: 0 },
      { at: '2026-11-22T12:02:00.000Z', utilisation: 0.2, silenceMs: 0, overruns: 0 },
    ],
    ...change,
  };
}
