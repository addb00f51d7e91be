import type { MeterProfile } from '#server/modules/estate/types.ts';
import { type Actor, AppError, scopeCovers } from '#server/platform/http/index.ts';
import type { ExportsContext } from './context.ts';

/**
 * The meters that a file names, in its order. Throws `not-found` when one is gone, of another property or beyond the right:
 * a file that left meters out in silence would look whole.
 */
export function namedMeters(
  { estate }: ExportsContext,
  actor: Actor,
  { propertyId, meterIds }: { readonly propertyId: number; readonly meterIds: readonly number[] },
): readonly MeterProfile[] {
  const scope = actor.scope('meter.view');
  return meterIds.map((meterId) => {
    const profile = estate.meter(meterId);
    const seen = profile !== undefined && scopeCovers(scope, profile.meter.propertyId, profile.buildingId);
    if (!seen || profile.meter.propertyId !== propertyId)
      throw new AppError('not-found', `There is no meter ${meterId} in property ${propertyId}: load the list again.`);
    return profile;
  });
}
