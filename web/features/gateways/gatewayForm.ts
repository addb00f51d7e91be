import type {
  BodyOf,
  createGateway,
  Gateway,
  Line,
  MeterInput,
  Polling,
  Serial,
  Transport,
  updateGateway,
} from '#contract/index.ts';
import { type NamesForm, namesBody, namesForm, type PollingForm, pollingBody, pollingForm } from './formParts.ts';

/** One line as it is typed; a field that the kind of transport does not use keeps what was typed all the same. */
export interface LineForm {
  /** Stable while the form is open; the id is absent until the line is saved. */
  readonly key: number;
  readonly id: number | undefined;
  name: string;
  kind: Transport['kind'];
  host: string;
  port: number | undefined;
  path: string;
  baud: Serial['baud'];
  parity: Serial['parity'];
  stopBits: Serial['stopBits'];
  responseTimeoutMs: number | undefined;
  turnaroundMs: number | undefined;
}

export interface GatewayForm {
  propertyId: number | undefined;
  code: string;
  names: NamesForm;
  placeId: number | undefined;
  polling: PollingForm;
  enabled: boolean;
  lines: LineForm[];
}

export const BAUDS: readonly Serial['baud'][] = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200];
export const PARITIES: readonly Serial['parity'][] = ['none', 'even', 'odd'];
export const TRANSPORTS: readonly Transport['kind'][] = ['modbus-tcp', 'rtu-over-tcp', 'serial'];
/** Most lines of one gateway (the contract's bound). */
export const LINES_MAX = 32;
/** Modbus over TCP (Modbus Messaging on TCP/IP 1.0b, 3.1.2); transparent serial servers mostly use 26 or 4001. */
const MODBUS_PORT = 502;

let nextKey = 1;

/** An empty line with the settings that most meters leave the factory with. */
export function emptyLine(name: string): LineForm {
  return {
    key: nextKey++,
    id: undefined,
    name,
    kind: 'modbus-tcp',
    host: '',
    port: MODBUS_PORT,
    path: '/dev/ttyUSB0',
    baud: 9600,
    parity: 'none',
    stopBits: 1,
    responseTimeoutMs: undefined,
    turnaroundMs: undefined,
  };
}

export function emptyGateway(propertyId: number | undefined, lineName: string): GatewayForm {
  return {
    propertyId,
    code: '',
    names: namesForm(undefined),
    placeId: undefined,
    polling: pollingForm(undefined),
    enabled: true,
    lines: [emptyLine(lineName)],
  };
}

function lineForm(line: Line): LineForm {
  const { transport, serial } = line;
  const tcp = transport.kind === 'serial' ? undefined : transport;
  return {
    key: nextKey++,
    id: line.id,
    name: line.name,
    kind: transport.kind,
    host: tcp?.host ?? '',
    port: tcp?.port ?? MODBUS_PORT,
    path: transport.kind === 'serial' ? transport.path : '/dev/ttyUSB0',
    baud: serial.baud,
    parity: serial.parity,
    stopBits: serial.stopBits,
    responseTimeoutMs: line.responseTimeoutMs,
    turnaroundMs: line.turnaroundMs,
  };
}

/** The form of a gateway as the server knows it. */
export function gatewayForm(gateway: Gateway): GatewayForm {
  return {
    propertyId: gateway.propertyId,
    code: gateway.code,
    names: namesForm(gateway.names),
    placeId: gateway.placeId,
    polling: pollingForm(gateway.polling),
    enabled: gateway.enabled,
    lines: gateway.lines.map(lineForm),
  };
}

function transportBody(line: LineForm): Transport {
  if (line.kind === 'serial') return { kind: 'serial', path: line.path.trim() };
  return { kind: line.kind, host: line.host.trim(), port: line.port ?? 0 };
}

function lineBody(line: LineForm) {
  const serial: Serial = { baud: line.baud, parity: line.parity, stopBits: line.stopBits };
  return {
    name: line.name.trim(),
    transport: transportBody(line),
    serial,
    ...(line.responseTimeoutMs !== undefined && { responseTimeoutMs: line.responseTimeoutMs }),
    ...(line.turnaroundMs !== undefined && { turnaroundMs: line.turnaroundMs }),
  };
}

/** Body of POST /api/gateways; `meters` by the key of their line. */
export function createGatewayBody(
  form: GatewayForm,
  propertyId: number,
  meters: ReadonlyMap<number, readonly MeterInput[]>,
): BodyOf<typeof createGateway> {
  const polling = pollingBody(form.polling);
  return {
    propertyId,
    code: form.code.trim(),
    ...namesBody(form.names),
    ...(form.placeId !== undefined && { placeId: form.placeId }),
    ...(hasPeriod(polling) && { polling }),
    enabled: form.enabled,
    lines: form.lines.map((line) => {
      const ofLine = meters.get(line.key) ?? [];
      return { ...lineBody(line), ...(ofLine.length > 0 && { meters: [...ofLine] }) };
    }),
  };
}

const hasPeriod = (polling: Polling) => polling.livePollMs !== undefined || polling.registerPollMs !== undefined;

/** Body of PATCH /api/gateways/:gatewayId: everything the form shows, at the version that was read. */
export function updateGatewayBody(form: GatewayForm, version: number): BodyOf<typeof updateGateway> {
  return {
    version,
    code: form.code.trim(),
    names: namesBody(form.names).names ?? null,
    placeId: form.placeId ?? null,
    polling: pollingBody(form.polling),
    enabled: form.enabled,
    lines: form.lines.map((line) => ({ ...(line.id !== undefined && { id: line.id }), ...lineBody(line) })),
  };
}

/** What each field of the form says, flat, so that two versions can be laid side by side. */
export function gatewayFacts(form: GatewayForm): ReadonlyMap<string, string> {
  const facts = new Map<string, string>([
    ['code', form.code],
    ['names.zh', form.names.zh],
    ['names.en', form.names.en],
    ['placeId', String(form.placeId ?? '')],
    ['polling.livePollMs', String(form.polling.livePollS ?? '')],
    ['polling.registerPollMs', String(form.polling.registerPollMin ?? '')],
    ['enabled', String(form.enabled)],
  ]);
  form.lines.forEach((line, index) => {
    const address = line.kind === 'serial' ? line.path : `${line.host}:${line.port ?? ''}`;
    facts.set(`lines.${index}.name`, line.name);
    facts.set(`lines.${index}.transport`, `${line.kind} ${address}`);
    facts.set(`lines.${index}.serial`, `${line.baud} ${line.parity} ${line.stopBits}`);
    facts.set(`lines.${index}.responseTimeoutMs`, String(line.responseTimeoutMs ?? ''));
    facts.set(`lines.${index}.turnaroundMs`, String(line.turnaroundMs ?? ''));
  });
  return facts;
}
