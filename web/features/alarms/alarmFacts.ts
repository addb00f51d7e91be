import type { Alarm, Meter, MeterModelSummary, MeterNow } from '#contract/index.ts';
import { formatMoney, formatNumber, loadText, type Translate } from '../../ui/format.ts';

/** A labelled fact of the detail; `key` is a catalogue key under `alarms.fact`. */
export interface AlarmFact {
  readonly key: string;
  readonly text: string;
}

/** What a person said of it last; of what is shelved, why it is. */
export const lastWord = ({ state, shelf, note }: Alarm): string | undefined =>
  (state === 'shelved' ? shelf?.reason : undefined) ?? note;

interface Known {
  readonly alarm: Alarm;
  readonly meter: Meter | undefined;
  readonly model: MeterModelSummary | undefined;
  readonly now: MeterNow | undefined;
}
interface Speech {
  readonly currency: string;
  readonly t: Translate;
  readonly at: (instant: string) => string;
}

/** What an electrician wants to know before going there; only what is known. */
export function detailFacts({ alarm, meter, model, now }: Known, { currency, t, at }: Speech): readonly AlarmFact[] {
  const facts: (AlarmFact | undefined)[] = [
    fact('load', now?.values['activePowerW'], loadText),
    fact('balance', now?.balanceMinor, (minor) => formatMoney(minor, currency)),
    fact('currents', currentsOf(now), (currents) => `${currents.map((amps) => formatNumber(amps, 1)).join('  ')} A`),
    fact('relay', now?.facts.relay, (relay) => t(`relay.${relay}`, {})),
    fact('protection', now?.facts.protection === 'none' ? undefined : now?.facts.protection, (kind) =>
      t(`protection.${kind}`, {}),
    ),
    fact('circuit', meter?.circuit || undefined, String),
    fact(
      'meter',
      meter,
      ({ meterNumber, modelId }) => `${meterNumber}, ${model ? `${model.maker} ${model.name}` : modelId}`,
    ),
    fact('raised', alarm.raisedAt, at),
    fact('returned', alarm.clearedAt, at),
    fact('shelf', alarm.state === 'shelved' ? alarm.shelf : undefined, ({ until, by, reason }) =>
      [t('alarms.shelfFact', { at: at(until), who: by }), reason].filter(Boolean).join(': '),
    ),
    fact('children', alarm.childCount || undefined, (count) => t('alarms.meters', { n: count })),
  ];
  return facts.filter((one) => one !== undefined);
}

function fact<T>(key: string, value: T | undefined, text: (value: T) => string): AlarmFact | undefined {
  return value === undefined ? undefined : { key, text: text(value) };
}

function currentsOf(now: MeterNow | undefined): readonly number[] | undefined {
  const currents = ['currentL1A', 'currentL2A', 'currentL3A'].flatMap((name) => now?.values[name] ?? []);
  return currents.length === 0 ? undefined : currents;
}
