import { type Static, Type } from 'typebox';
import { CUT_CAUSES, HOLD_REASONS } from '#domain/cutGuard.ts';
import { closed, Id, Instant, MinorUnits, Names, page, pageQuery, RequestId } from './common.ts';
import { route } from './route.ts';

const tag = 'commands';

/** Most meters of one batch. */
export const BATCH_METERS_MAX = 20_000;
/** A batch waits so long for a second person, minutes. */
export const APPROVAL_MINUTES = 30;
const Reason = Type.String({ minLength: 1, maxLength: 500 });

/**
 * What a meter is to be told.
 *
 * trip            supply off; `cause` says which of the guard's rules apply (operator by default); `propertyFee` needs a
 *                 second person, for one meter as for many
 * close           supply on
 * protect         supply on whatever the balance (保电), until an instant or until somebody ends it
 * restorePrepaid  back to automatic cut on arrears (恢复预付费); ends protection, which needs a second person
 * prices          the prices of a tariff version, now or at an instant (where the meter has a second set)
 * settings        what a prepaid meter keeps beside its balance
 * clock           the time of the property's clock
 * read            asked now
 */
export const CommandOrderBody = Type.Union([
  Type.Object({ kind: Type.Literal('trip'), cause: Type.Optional(Type.Enum([...CUT_CAUSES])) }, closed),
  Type.Object({ kind: Type.Literal('close') }, closed),
  Type.Object({ kind: Type.Literal('protect'), until: Type.Optional(Instant) }, closed),
  Type.Object({ kind: Type.Literal('restorePrepaid') }, closed),
  Type.Object({ kind: Type.Literal('prices'), tariffVersionId: Id, switchAt: Type.Optional(Instant) }, closed),
  Type.Object(
    {
      kind: Type.Literal('settings'),
      alarm1Minor: Type.Optional(MinorUnits),
      alarm2Minor: Type.Optional(MinorUnits),
      overdraftMinor: Type.Optional(MinorUnits),
      hoardingLimitMinor: Type.Optional(MinorUnits),
      overloadLimitW: Type.Optional(Type.Integer({ minimum: 1, maximum: 50_000_000 })),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('clock') }, closed),
  Type.Object({ kind: Type.Literal('read') }, closed),
]);
export type CommandOrderBody = Static<typeof CommandOrderBody>;

/**
 * awaitingApproval  a second person must agree
 * queued            waits for its line
 * sent, confirming  told, and being read back
 * verified          read back as it shall be: the only good end
 * rejected          the meter holds something else
 * failed            nothing reached the meter
 * inDoubt           it may or may not have been applied; asked again until it is known
 * held              the guard forbids it, or its model cannot be told that; `why` says the reasons
 * stopped           taken back before it was sent
 */
export const COMMAND_STATES = [
  'awaitingApproval',
  'queued',
  'sent',
  'confirming',
  'verified',
  'rejected',
  'failed',
  'inDoubt',
  'held',
  'stopped',
] as const;
export type CommandState = (typeof COMMAND_STATES)[number];
const CommandStateName = Type.Enum([...COMMAND_STATES]);

export const COMMAND_KINDS = [
  'trip',
  'close',
  'protect',
  'restorePrepaid',
  'prices',
  'settings',
  'clock',
  'read',
] as const;
export type CommandKind = (typeof COMMAND_KINDS)[number];

/**
 * Why a command stands as it does: the guard's reasons, and these.
 *
 * cutLater        the guard allows the cut at a later instant only
 * trippedByPerson a person was the last to trip its relay, and no rule undoes that
 * notSupported    this model cannot be told that
 * meterGone       the meter was removed
 * lineStopped     its line is not run
 * notReached      nothing could be sent to it in time
 * expired         too old to be sent
 * noAnswer        written, and not read back yet
 * refusedByMeter  the meter refused it, and holds something else
 * holdsOther      accepted or unanswered, and the meter holds something else
 * superseded      a newer command for the same relay took its place
 * stoppedByPerson, notApproved, approvalExpired, restarted
 */
export const COMMAND_WHYS = [
  ...HOLD_REASONS,
  'cutLater',
  'trippedByPerson',
  'notSupported',
  'meterGone',
  'lineStopped',
  'notReached',
  'expired',
  'noAnswer',
  'refusedByMeter',
  'holdsOther',
  'superseded',
  'stoppedByPerson',
  'notApproved',
  'approvalExpired',
  'restarted',
] as const;
export type CommandWhy = (typeof COMMAND_WHYS)[number];
const Whys = Type.Array(Type.Enum([...COMMAND_WHYS]));

export const Command = Type.Object({
  id: RequestId,
  /** Grows with every command; what waited for a second person gets a new one when that person agrees. */
  number: Type.String(),
  batchId: Type.Optional(RequestId),
  propertyId: Id,
  meterId: Id,
  /** Absent for a meter that was removed. */
  meterNumber: Type.Optional(Type.String()),
  order: CommandOrderBody,
  reason: Type.String(),
  state: CommandStateName,
  why: Whys,
  /** One English sentence where there is more to say. */
  detail: Type.Optional(Type.String()),
  /** Times that it was sent, and read back. */
  attempts: Type.Integer(),
  reads: Type.Integer(),
  givenBy: Type.String(),
  /** Who may not agree to it. */
  givenById: Type.Optional(Id),
  /** Rule of the platform that gave it; absent for a person. */
  rule: Type.Optional(Type.String()),
  givenAt: Instant,
  /** Not sent any more after it. */
  expiresAt: Instant,
  approveBefore: Type.Optional(Instant),
  decidedBy: Type.Optional(Type.String()),
  decidedAt: Type.Optional(Instant),
  sentAt: Type.Optional(Instant),
  finishedAt: Type.Optional(Instant),
});
export type Command = Static<typeof Command>;

export const giveCommand = route({
  method: 'POST',
  path: '/api/commands',
  access: 'command.issue',
  tag,
  status: 201,
  summary: 'Tell one meter something; the same commandId again answers what became of it',
  body: Type.Object({ commandId: RequestId, meterId: Id, order: CommandOrderBody, reason: Reason }, closed),
  response: Command,
});
export const getCommand = route({
  method: 'GET',
  path: '/api/commands/:commandId',
  access: 'meter.view',
  tag,
  summary: 'One command',
  params: Type.Object({ commandId: RequestId }),
  response: Command,
});
export const listCommands = route({
  method: 'GET',
  path: '/api/commands',
  access: 'meter.view',
  tag,
  summary: 'Commands, newest first',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    meterId: Type.Optional(Id),
    batchId: Type.Optional(RequestId),
    kind: Type.Optional(Type.Enum([...COMMAND_KINDS])),
    state: Type.Optional(CommandStateName),
    /** Only those that belong to no batch. */
    single: Type.Optional(Type.Literal(true)),
    ...pageQuery,
  }),
  response: page(Command),
});
const Decision = Type.Object({ agree: Type.Boolean(), reason: Type.Optional(Reason) }, closed);
export const decideCommand = route({
  method: 'POST',
  path: '/api/commands/:commandId/decisions',
  access: 'command.approve',
  tag,
  summary: 'Agree to a command that waits for a second person, or refuse it',
  params: Type.Object({ commandId: RequestId }),
  body: Decision,
  response: Command,
});
export const stopCommand = route({
  method: 'POST',
  path: '/api/commands/:commandId/stop',
  access: 'command.issue',
  tag,
  summary: 'Take a command back that was not sent yet; answers what it is now',
  params: Type.Object({ commandId: RequestId }),
  body: Type.Object({}, closed),
  response: Command,
});

export const CommandBatch = Type.Object({
  id: RequestId,
  number: Type.String(),
  propertyId: Id,
  order: CommandOrderBody,
  reason: Type.String(),
  /** `waiting`: for a second person, until `approveBefore`. */
  approval: Type.Enum(['none', 'waiting', 'agreed', 'refused', 'expired']),
  approveBefore: Type.Optional(Instant),
  givenBy: Type.String(),
  /** Who may not agree to it. */
  givenById: Type.Optional(Id),
  givenAt: Instant,
  decidedBy: Type.Optional(Type.String()),
  decidedAt: Type.Optional(Instant),
  decisionReason: Type.Optional(Type.String()),
  stoppedBy: Type.Optional(Type.String()),
  stoppedAt: Type.Optional(Instant),
  retryOf: Type.Optional(RequestId),
  total: Type.Integer(),
  /** How many commands are in which state. */
  counts: Type.Partial(Type.Record(CommandStateName, Type.Integer())),
  /** Nothing is under way any more. */
  finished: Type.Boolean(),
});
export type CommandBatch = Static<typeof CommandBatch>;

const MeterIds = Type.Array(Id, { minItems: 1, maxItems: BATCH_METERS_MAX, uniqueItems: true });
export const previewBatch = route({
  method: 'POST',
  path: '/api/command-batches/preview',
  access: 'command.issue',
  tag,
  summary: 'What an order would do now, meter by meter; nothing is stored or sent',
  body: Type.Object({ meterIds: MeterIds, order: CommandOrderBody }, closed),
  response: Type.Object({
    propertyId: Id,
    total: Type.Integer(),
    /** Meters that would be told. */
    run: Type.Integer(),
    skipped: Type.Integer(),
    /** Of those, meters that would go off: their supply is on now, or is not known to be off. */
    goDark: Type.Integer(),
    /** What these draw now, W; nothing of meters that are lost. */
    darkLoadW: Type.Number(),
    needsSecondPerson: Type.Boolean(),
    /** Batches above so many meters need a second person here. */
    secondPersonAbove: Type.Integer(),
    items: Type.Array(
      Type.Object({
        meterId: Id,
        meterNumber: Type.String(),
        path: Type.Array(Names),
        outcome: Type.Union([Type.Literal('run'), Type.Literal('skip')]),
        why: Whys,
        detail: Type.Optional(Type.String()),
        goesDark: Type.Boolean(),
        /** The guard's instant where it allows the cut later only. */
        cutAt: Type.Optional(Instant),
        /** By a person, or only over hours without cuts. */
        protection: Type.Optional(
          Type.Object({
            reason: Type.String(),
            by: Type.Enum(['person', 'window'] as const),
            until: Type.Optional(Instant),
          }),
        ),
        customer: Type.Optional(Type.String()),
        loadW: Type.Optional(Type.Number()),
      }),
    ),
  }),
});
export const giveBatch = route({
  method: 'POST',
  path: '/api/command-batches',
  access: 'command.issue',
  tag,
  status: 201,
  summary: 'Tell many meters of one property the same; each has its own outcome',
  body: Type.Object({ batchId: RequestId, meterIds: MeterIds, order: CommandOrderBody, reason: Reason }, closed),
  response: CommandBatch,
});
export const listBatches = route({
  method: 'GET',
  path: '/api/command-batches',
  access: 'meter.view',
  tag,
  summary: 'Batches, newest first',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    /** Only those that wait for a second person. */
    waiting: Type.Optional(Type.Boolean()),
    ...pageQuery,
  }),
  response: page(CommandBatch),
});
const batchParams = Type.Object({ batchId: RequestId });
export const getBatch = route({
  method: 'GET',
  path: '/api/command-batches/:batchId',
  access: 'meter.view',
  tag,
  summary: 'One batch with its counts; its meters by GET /api/commands?batchId=',
  params: batchParams,
  response: CommandBatch,
});
export const decideBatch = route({
  method: 'POST',
  path: '/api/command-batches/:batchId/decisions',
  access: 'command.approve',
  tag,
  summary: 'Agree to a batch that waits for a second person, or refuse it; its list is frozen',
  params: batchParams,
  body: Decision,
  response: CommandBatch,
});
export const stopBatch = route({
  method: 'POST',
  path: '/api/command-batches/:batchId/stop',
  access: 'command.issue',
  tag,
  summary: 'Take back whatever of the batch was not sent yet',
  params: batchParams,
  body: Type.Object({}, closed),
  response: CommandBatch,
});
export const retryBatch = route({
  method: 'POST',
  path: '/api/command-batches/:batchId/retry',
  access: 'command.issue',
  tag,
  status: 201,
  summary: 'The same order again for the meters where it failed, was rejected or held, as a batch of its own',
  params: batchParams,
  body: Type.Object({ batchId: RequestId, reason: Type.Optional(Reason) }, closed),
  response: CommandBatch,
});

export const Protection = Type.Object({
  id: RequestId,
  meterId: Id,
  propertyId: Id,
  reason: Type.String(),
  from: Instant,
  until: Type.Optional(Instant),
  givenBy: Type.String(),
  endedAt: Type.Optional(Instant),
  endedBy: Type.Optional(Type.String()),
});
export type Protection = Static<typeof Protection>;
export const listProtections = route({
  method: 'GET',
  path: '/api/protections',
  access: 'meter.view',
  tag,
  summary: 'The protective list: meters whose supply is not cut, at most 10,000',
  query: Type.Object({ propertyId: Type.Optional(Id) }),
  response: Type.Object({ items: Type.Array(Protection) }),
});
