import type { BodyOf, createMeter, Meter, MeterRole, updateMeter } from '#contract/index.ts';
import { type NamesForm, namesBody, namesForm, type PollingForm, pollingBody, pollingForm } from './formParts.ts';

/** A meter as it is typed; undefined = not filled in yet. */
export interface MeterForm {
  lineId: number | undefined;
  placeId: number | undefined;
  modelId: string | undefined;
  unitAddress: number | undefined;
  meterNumber: string;
  role: MeterRole;
  names: NamesForm;
  ctRatio: number | undefined;
  ptRatio: number | undefined;
  circuit: string;
  overloadLimitKw: number | undefined;
  energyCategory: string | undefined;
  polling: PollingForm;
}

export const ROLES: readonly MeterRole[] = ['tenant', 'public', 'substation'];
/** Energy categories (分类分项) that the form offers; the field takes any other text too. */
export const ENERGY_CATEGORIES = ['lighting', 'hvac', 'power', 'special'] as const;
const WATTS_PER_KW = 1_000;

export function emptyMeter(lineId: number | undefined): MeterForm {
  return {
    lineId,
    placeId: undefined,
    modelId: undefined,
    unitAddress: undefined,
    meterNumber: '',
    role: 'tenant',
    names: namesForm(undefined),
    ctRatio: 1,
    ptRatio: 1,
    circuit: '',
    overloadLimitKw: undefined,
    energyCategory: undefined,
    polling: pollingForm(undefined),
  };
}

/** The form of a meter as the server knows it. */
export function meterForm(meter: Meter): MeterForm {
  return {
    lineId: meter.lineId,
    placeId: meter.placeId,
    modelId: meter.modelId,
    unitAddress: meter.unitAddress,
    meterNumber: meter.meterNumber,
    role: meter.role,
    names: namesForm(meter.names),
    ctRatio: meter.ctRatio,
    ptRatio: meter.ptRatio,
    circuit: meter.circuit ?? '',
    overloadLimitKw: meter.overloadLimitW === undefined ? undefined : meter.overloadLimitW / WATTS_PER_KW,
    energyCategory: meter.energyCategory || undefined,
    polling: pollingForm(meter.polling),
  };
}

/** Fields that must be filled in before the meter can be sent. */
export function missingFields(form: MeterForm): readonly string[] {
  const required = { lineId: form.lineId, placeId: form.placeId, modelId: form.modelId, unitAddress: form.unitAddress };
  const missing = Object.entries(required).flatMap(([field, value]) => (value === undefined ? [field] : []));
  return form.meterNumber.trim() === '' ? [...missing, 'meterNumber'] : missing;
}

const limitW = (form: MeterForm): number | undefined =>
  form.overloadLimitKw !== undefined ? Math.round(form.overloadLimitKw * WATTS_PER_KW) : undefined;

/** Body of POST /api/meters; undefined while a required field is empty. */
export function createMeterBody(form: MeterForm): BodyOf<typeof createMeter> | undefined {
  const { lineId, placeId, modelId, unitAddress } = form;
  if (lineId === undefined || placeId === undefined || modelId === undefined || unitAddress === undefined)
    return undefined;
  const overloadLimitW = limitW(form);
  return {
    lineId,
    placeId,
    modelId,
    unitAddress,
    meterNumber: form.meterNumber.trim(),
    role: form.role,
    ...namesBody(form.names),
    ...(form.ctRatio !== undefined && { ctRatio: form.ctRatio }),
    ...(form.ptRatio !== undefined && { ptRatio: form.ptRatio }),
    ...(form.circuit.trim() !== '' && { circuit: form.circuit.trim() }),
    ...(overloadLimitW !== undefined && { overloadLimitW }),
    ...(form.energyCategory !== undefined && { energyCategory: form.energyCategory.trim() }),
    polling: pollingBody(form.polling),
  };
}

/** Body of PATCH /api/meters/:meterId at the version that was read; null takes a name or the limit away. */
export function updateMeterBody(form: MeterForm, version: number): BodyOf<typeof updateMeter> | undefined {
  const body = createMeterBody(form);
  if (body === undefined) return undefined;
  return {
    ...body,
    version,
    names: body.names ?? null,
    circuit: form.circuit.trim(),
    energyCategory: form.energyCategory?.trim() ?? '',
    overloadLimitW: limitW(form) ?? null,
  };
}

/** What each field of the form says, flat, so that two versions can be laid side by side. */
export function meterFacts(form: MeterForm): ReadonlyMap<string, string> {
  const { names, polling, ...rest } = form;
  return new Map([
    ...Object.entries(rest).map(([field, value]): [string, string] => [field, String(value ?? '')]),
    ['names.zh', names.zh],
    ['names.en', names.en],
    ['polling.livePollMs', String(polling.livePollS ?? '')],
    ['polling.registerPollMs', String(polling.registerPollMin ?? '')],
  ]);
}
