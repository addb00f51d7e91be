import type { DoctorLine, LineVerdict } from '#contract/index.ts';
import { VERDICT_ORDER } from './doctorFigures.ts';

/** What the list shows, as the address says it. */
export interface DoctorFilter {
  readonly verdict: LineVerdict | undefined;
  readonly propertyId: number | undefined;
  readonly q: string;
}

/** The filter in an address; what makes no sense there is as if it were absent. */
export function filterOfAddress(query: Readonly<Record<string, unknown>>): DoctorFilter {
  const { verdict, property, q } = query;
  return {
    verdict: VERDICT_ORDER.find((known) => known === verdict),
    propertyId: typeof property === 'string' && /^[1-9]\d{0,9}$/.test(property) ? Number(property) : undefined,
    q: typeof q === 'string' ? q : '',
  };
}

/** The query of the address that shows this filter; what is at its default is left out. */
export function addressOfFilter({ verdict, propertyId, q }: DoctorFilter): Record<string, string> {
  return {
    ...(verdict !== undefined && { verdict }),
    ...(propertyId !== undefined && { property: String(propertyId) }),
    ...(q !== '' && { q }),
  };
}

/** Lines that pass everything but the verdict, so that the verdicts can be counted; `nameOf` names a property. */
export function matching(
  lines: readonly DoctorLine[],
  { propertyId, q }: DoctorFilter,
  nameOf: (propertyId: number) => string,
): readonly DoctorLine[] {
  const wanted = q.trim().toLowerCase();
  return lines.filter((line) => {
    if (propertyId !== undefined && line.propertyId !== propertyId) return false;
    const text = `${line.gatewayCode}/${line.name} ${line.gatewayCode} / ${line.name} ${nameOf(line.propertyId)}`;
    return wanted === '' || text.toLowerCase().includes(wanted);
  });
}

/** How many lines have each verdict; only those that occur, worst first. They add up to the number of lines. */
export function countVerdicts(
  lines: readonly DoctorLine[],
): readonly { readonly verdict: LineVerdict; readonly count: number }[] {
  return VERDICT_ORDER.map((verdict) => ({
    verdict,
    count: lines.filter((line) => line.verdict === verdict).length,
  })).filter(({ count }) => count > 0);
}
