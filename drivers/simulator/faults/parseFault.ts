import { FAULT_LIMITS, type Fault, type FaultRequest, type FaultTarget, type FrameKind } from './fault.ts';

/** A checked value, or a sentence that says what is wrong with it. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

type Fields = Readonly<Record<string, unknown>>;

/** Thrown inside this file only, to leave nested checks. */
class Wrong extends Error {}

/** Checks a fault request that came from outside, field by field. Unknown fields are refused. */
export function parseFaultRequest(input: unknown): Parsed<FaultRequest> {
  try {
    return { ok: true, value: requestOf(input) };
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, message: error.message };
    throw error;
  }
}

function requestOf(input: unknown): FaultRequest {
  const fields = objectOf(input, 'the request');
  only(
    fields,
    ['target', 'fault', 'probability', 'on', 'afterSeconds', 'durationSeconds', 'everySeconds'],
    'the request',
  );
  const target = targetOf(fields['target']);
  const fault = faultOf(fields['fault']);
  const gatewayOnly = fault.kind === 'down' || fault.kind === 'mute';
  if (gatewayOnly && target.kind === 'meter')
    throw new Wrong(`'${fault.kind}' strikes a line or a gateway, not a meter`);
  const probability = optional(fields, 'probability', 0, 1, false);
  if (probability === 0) throw new Wrong('probability must be above 0');
  const steady = gatewayOnly || fault.kind === 'frozen-relay';
  if (probability !== undefined && steady) throw new Wrong(`'${fault.kind}' has no probability`);
  const on = frameKindOf(fields);
  if (on !== undefined && steady) throw new Wrong(`'${fault.kind}' does not tell reads from writes`);
  const afterSeconds = optional(fields, 'afterSeconds', 0, FAULT_LIMITS.seconds, false);
  const durationSeconds = optional(fields, 'durationSeconds', 0.001, FAULT_LIMITS.seconds, false);
  const everySeconds = optional(fields, 'everySeconds', 0.001, FAULT_LIMITS.seconds, false);
  if (everySeconds !== undefined && !(durationSeconds !== undefined && durationSeconds < everySeconds)) {
    throw new Wrong('everySeconds needs a durationSeconds below it');
  }
  return {
    target,
    fault,
    ...(probability === undefined ? {} : { probability }),
    ...(on === undefined ? {} : { on }),
    ...(afterSeconds === undefined ? {} : { afterSeconds }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(everySeconds === undefined ? {} : { everySeconds }),
  };
}

function targetOf(input: unknown): FaultTarget {
  const fields = objectOf(input, 'target');
  switch (fields['kind']) {
    case 'meter':
      only(fields, ['kind', 'meterNumber'], 'target');
      return { kind: 'meter', meterNumber: textOf(fields, 'meterNumber') };
    case 'line':
      only(fields, ['kind', 'gatewayCode', 'lineName'], 'target');
      return { kind: 'line', gatewayCode: textOf(fields, 'gatewayCode'), lineName: textOf(fields, 'lineName') };
    case 'gateway':
      only(fields, ['kind', 'gatewayCode'], 'target');
      return { kind: 'gateway', gatewayCode: textOf(fields, 'gatewayCode') };
    default:
      throw new Wrong("target.kind must be 'meter', 'line' or 'gateway'");
  }
}

function faultOf(input: unknown): Fault {
  const fields = objectOf(input, 'fault');
  const kind = fields['kind'];
  switch (kind) {
    case 'silent':
    case 'dropped':
    case 'corrupted':
    case 'merged':
    case 'down':
    case 'mute':
    case 'request-lost':
    case 'request-doubled':
    case 'lying-refusal':
    case 'hoarding':
    case 'stale-read':
      only(fields, ['kind'], 'fault');
      return { kind };
    case 'delayed':
    case 'request-late':
      only(fields, ['kind', 'delayMs'], 'fault');
      return { kind, delayMs: required(fields, 'delayMs', 1, FAULT_LIMITS.delayMs) };
    case 'split':
      only(fields, ['kind', 'pieceBytes', 'gapMs'], 'fault');
      return {
        kind,
        pieceBytes: required(fields, 'pieceBytes', 1, FAULT_LIMITS.pieceBytes),
        gapMs: required(fields, 'gapMs', 0, FAULT_LIMITS.gapMs),
      };
    case 'garbage':
      only(fields, ['kind', 'bytes'], 'fault');
      return { kind, bytes: required(fields, 'bytes', 1, FAULT_LIMITS.garbageBytes) };
    case 'frozen-relay': {
      only(fields, ['kind', 'shows'], 'fault');
      const { shows } = fields;
      if (shows !== 'open' && shows !== 'closed') throw new Wrong("fault.shows must be 'open' or 'closed'");
      return { kind, shows };
    }
    default:
      throw new Wrong(
        'fault.kind must be silent, dropped, delayed, corrupted, merged, split, garbage, request-lost, request-doubled, request-late, lying-refusal, hoarding, stale-read, frozen-relay, down or mute',
      );
  }
}

function frameKindOf(fields: Fields): FrameKind | undefined {
  const { on } = fields;
  if (on === undefined || on === 'reads' || on === 'writes') return on;
  throw new Wrong("on must be 'reads' or 'writes'");
}

function objectOf(input: unknown, name: string): Fields {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new Wrong(`${name} must be an object`);
  return input as Fields;
}

function only(fields: Fields, known: readonly string[], name: string): void {
  const stray = Object.keys(fields).find((key) => !known.includes(key));
  if (stray !== undefined) throw new Wrong(`${name} has no field '${stray}' here; it takes ${known.join(', ')}`);
}

function textOf(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '') throw new Wrong(`target.${key} must be a text`);
  return value;
}

function required(fields: Fields, key: string, least: number, most: number): number {
  const value = optional(fields, key, least, most, true);
  if (value === undefined) throw new Wrong(`${key} is missing`);
  return value;
}

function optional(fields: Fields, key: string, least: number, most: number, whole: boolean): number | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  const fits = typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (!fits) throw new Wrong(`${key} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`);
  return value;
}
