import { type Static, Type } from 'typebox';
import { VERDICTS } from '#domain/busDoctor.ts';
import { TIME_PARTS, type TimePart } from '#domain/busFacts.ts';
import { Id, Instant, page, pageQuery } from './common.ts';
import { LineLink } from './gateways.ts';
import { route } from './route.ts';

const tag = 'doctor';
const Count = Type.Integer({ minimum: 0 });
const Ms = Type.Number({ minimum: 0 });
const Address = Type.Integer({ minimum: 1, maximum: 247 });

/** `stopped`: the line is not run, by decision. */
export const LineVerdict = Type.Enum([...VERDICTS, 'stopped'] as const);
export type LineVerdict = Static<typeof LineVerdict>;

/** What to change, with the figures that one must know to do it. */
export const DoctorAction = Type.Union([
  Type.Object({ kind: Type.Literal('restoreLink') }),
  Type.Object({ kind: Type.Literal('checkBus') }),
  Type.Object({ kind: Type.Literal('checkLink'), reconnects: Count }),
  Type.Object({ kind: Type.Literal('raiseBaud'), fromBaud: Count, toBaud: Count }),
  Type.Object({
    kind: Type.Literal('splitLine'),
    /** Meters up to this address stay. */
    afterUnitAddress: Address,
    /** How many stay, and how many move. */
    meters: Type.Array(Count, { minItems: 2, maxItems: 2 }),
  }),
  Type.Object({ kind: Type.Literal('lengthenPoll'), fromMs: Ms, toMs: Ms, meters: Count }),
  Type.Object({ kind: Type.Literal('lowerTimeout'), fromMs: Ms, toMs: Ms, slowestReplyMs: Ms }),
  Type.Object({ kind: Type.Literal('raiseTimeout'), fromMs: Ms, toMs: Ms, lateReplies: Count }),
  Type.Object({
    kind: Type.Literal('repairMeters'),
    meters: Type.Array(Type.Object({ meterId: Id, unitAddress: Address, wonMsPerHour: Ms })),
  }),
  Type.Object({ kind: Type.Literal('reduceTurnaround'), fromMs: Ms, toMs: Ms }),
  Type.Object({ kind: Type.Literal('checkMeterWiring'), meterId: Id, unitAddress: Address }),
  Type.Object({ kind: Type.Literal('checkFarEnd'), fromUnitAddress: Address }),
  Type.Object({ kind: Type.Literal('checkNoise') }),
  Type.Object({ kind: Type.Literal('slowMeter'), meterId: Id, unitAddress: Address, replyMs: Ms, usualReplyMs: Ms }),
  Type.Object({ kind: Type.Literal('checkReplyDelay'), replyMs: Ms, usualReplyMs: Ms }),
]);
export type DoctorAction = Static<typeof DoctorAction>;

export const DoctorProposal = Type.Object({
  action: DoctorAction,
  /** Computed from what was measured. */
  effect: Type.Object({
    cycleBeforeMs: Type.Optional(Ms),
    cycleAfterMs: Type.Optional(Ms),
    /** Share of the line's time that its periods ask for; above 1 it cannot keep them. */
    loadBefore: Type.Number({ minimum: 0 }),
    loadAfter: Type.Number({ minimum: 0 }),
    wonMsPerHour: Ms,
    wonReadsPerHour: Type.Number({ minimum: 0 }),
    /** Only where the line cannot keep its periods. */
    endsOverruns: Type.Optional(Type.Boolean()),
  }),
  confidence: Type.Enum(['computed', 'likely', 'hint'] as const),
});
export type DoctorProposal = Static<typeof DoctorProposal>;

const lineFields = {
  lineId: Id,
  gatewayId: Id,
  propertyId: Id,
  gatewayCode: Type.String(),
  name: Type.String(),
  /** "9600 8N1" */
  serial: Type.String(),
  link: LineLink,
  verdict: LineVerdict,
  /** The window that all figures are of: at most the last hour, and its length. */
  since: Instant,
  observedMs: Count,
  /** Share of the window in which the line was occupied. */
  utilisation: Type.Number({ minimum: 0, maximum: 1 }),
  load: Type.Number({ minimum: 0 }),
  /** Mean time of one round over the meters that were read, and what the wire takes for it at least. */
  cycleMs: Type.Optional(Ms),
  cycleLimitMs: Type.Optional(Ms),
  meterCount: Count,
  answering: Count,
  dead: Count,
  overruns: Count,
  /** Where the time of the window went; adds up to observedMs. */
  parts: Type.Object(Object.fromEntries(TIME_PARTS.map((part) => [part, Count])) as Record<TimePart, typeof Count>),
};

/** One line as the list of the doctor shows it. */
export const DoctorLine = Type.Object({
  ...lineFields,
  /** The proposal with the greatest effect, and how many there are. */
  best: Type.Optional(DoctorProposal),
  proposalCount: Count,
});
export type DoctorLine = Static<typeof DoctorLine>;

/** Everything that the doctor knows of one line. */
export const DoctorSheet = Type.Object({
  ...lineFields,
  /** Greatest effect first. */
  proposals: Type.Array(DoctorProposal),
  responseTimeoutMs: Count,
  turnaroundMs: Count,
  /** Counters of the window. */
  requests: Count,
  timeouts: Count,
  crcErrors: Count,
  frameErrors: Count,
  lateReplies: Count,
  reconnects: Count,
  /** By unit address; each column of times adds up to the part of the line. */
  meters: Type.Array(
    Type.Object({
      meterId: Id,
      unitAddress: Address,
      meterNumber: Type.String(),
      modelId: Type.String(),
      placeId: Id,
      state: Type.Enum(['answers', 'failing', 'dead', 'waiting'] as const),
      reads: Count,
      failures: Count,
      damaged: Count,
      overruns: Count,
      wireMs: Count,
      replyMs: Count,
      silenceMs: Count,
      damagedMs: Count,
      /** Mean time of one read, and the least that the wire allows for it. */
      visitMs: Type.Optional(Ms),
      limitMs: Ms,
    }),
  ),
  /** One point a minute, oldest first; minutes without a read have no cycle. */
  history: Type.Array(
    Type.Object({
      at: Instant,
      cycleMs: Type.Optional(Ms),
      utilisation: Type.Number({ minimum: 0, maximum: 1 }),
      silenceMs: Count,
      overruns: Count,
    }),
  ),
});
export type DoctorSheet = Static<typeof DoctorSheet>;

export const listDoctorLines = route({
  method: 'GET',
  path: '/api/doctor/lines',
  access: 'line.view',
  tag,
  summary: 'How every line did in the last hour, worst first; the order may change between pages',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    verdict: Type.Optional(LineVerdict),
    /** Gateway, line ("GW-1/2"), property. */
    q: Type.Optional(Type.String({ maxLength: 80 })),
    ...pageQuery,
  }),
  response: page(DoctorLine),
});
export const getLineDoctor = route({
  method: 'GET',
  path: '/api/lines/:lineId/doctor',
  access: 'line.view',
  tag,
  summary: 'Where the time of a line goes, to whom it is lost, and what to change with what effect',
  params: Type.Object({ lineId: Id }),
  response: DoctorSheet,
});
