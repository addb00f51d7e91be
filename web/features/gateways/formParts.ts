import type { Names, Polling } from '#contract/index.ts';

/** A name as it is typed, in both languages; empty = not given. */
export interface NamesForm {
  zh: string;
  en: string;
}

/** Polling periods as they are typed: seconds and minutes; undefined = inherited. */
export interface PollingForm {
  livePollS: number | undefined;
  registerPollMin: number | undefined;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export const namesForm = (names: Names | undefined): NamesForm => ({ zh: names?.zh ?? '', en: names?.en ?? '' });

/** The names field of a body; left out when nothing is typed, since a name needs at least one language. */
export function namesBody(form: NamesForm): { names?: Names } {
  const zh = form.zh.trim();
  const en = form.en.trim();
  if (zh === '' && en === '') return {};
  return { names: { ...(zh !== '' && { zh }), ...(en !== '' && { en }) } };
}

export const pollingForm = (polling: Polling | undefined): PollingForm => ({
  livePollS: polling?.livePollMs === undefined ? undefined : polling.livePollMs / SECOND_MS,
  registerPollMin: polling?.registerPollMs === undefined ? undefined : polling.registerPollMs / MINUTE_MS,
});

export const pollingBody = (form: PollingForm): Polling => ({
  ...(form.livePollS !== undefined && { livePollMs: Math.round(form.livePollS * SECOND_MS) }),
  ...(form.registerPollMin !== undefined && { registerPollMs: Math.round(form.registerPollMin * MINUTE_MS) }),
});

/** What holds where no period is set anywhere (the contract's defaults). */
const DEFAULT_POLLING = { livePollMs: 10_000, registerPollMs: 1_800_000 } as const;

export type PollingOwner = 'default' | 'property' | 'gateway' | 'meter';

/** A period with who set it, so that the form can say what "inherited" means. */
export interface EffectivePeriod {
  readonly periodMs: number;
  readonly from: PollingOwner;
}

/** The period in force: the nearest that is set, from the meter outwards. */
export function effectivePeriod(
  field: 'livePollMs' | 'registerPollMs',
  owners: Readonly<Partial<Record<Exclude<PollingOwner, 'default'>, Polling | undefined>>>,
): EffectivePeriod {
  for (const from of ['meter', 'gateway', 'property'] as const) {
    const periodMs = owners[from]?.[field];
    if (periodMs !== undefined) return { periodMs, from };
  }
  return { periodMs: DEFAULT_POLLING[field], from: 'default' };
}

/** Messages of the server by field, in one spelling: "/body/lines/0/transport/host" → "lines.0.transport.host". */
export function fieldMessages(
  details: readonly { readonly field: string; readonly message: string }[],
): ReadonlyMap<string, string> {
  return new Map(
    details.map(({ field, message }) => [
      field
        .replaceAll('/', '.')
        .replace(/\[(\d+)\]/g, '.$1')
        .replace(/^\.?(body\.)?/, ''),
      message,
    ]),
  );
}

/** A field that somebody else changed while the form was open. */
export interface Conflict {
  readonly field: string;
  readonly theirs: string;
  readonly mine: string;
}

/**
 * What differs now, after the server refused an old version: fields that changed there since they were read, beside
 * what this form says. Fields that only this form changed are no conflict.
 */
export function conflictsOf(
  read: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
  mine: ReadonlyMap<string, string>,
): readonly Conflict[] {
  const fields = new Set([...read.keys(), ...theirs.keys()]);
  return [...fields].flatMap((field) => {
    const now = theirs.get(field) ?? '';
    return now === (read.get(field) ?? '') ? [] : [{ field, theirs: now, mine: mine.get(field) ?? '' }];
  });
}
