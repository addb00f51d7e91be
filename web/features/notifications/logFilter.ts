import { DELIVERY_STATES, type DeliveryState, NOTIFY_CHANNELS, type NotifyChannel } from '#contract/notifications.ts';

/** What the log shows, as the address says it. */
export interface LogFilter {
  readonly channel: NotifyChannel | undefined;
  readonly state: DeliveryState | undefined;
  readonly propertyId: number | undefined;
  /** Only what went in this bundle. */
  readonly bundleId: number | undefined;
  readonly q: string;
}

const numberOf = (text: unknown) =>
  typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;

/** The filter in an address; what makes no sense there is as if it were absent. */
export function filterOfAddress(query: Readonly<Record<string, unknown>>): LogFilter {
  const { channel, state, property, bundle, q } = query;
  return {
    channel: NOTIFY_CHANNELS.find((known) => known === channel),
    state: DELIVERY_STATES.find((known) => known === state),
    propertyId: numberOf(property),
    bundleId: numberOf(bundle),
    q: typeof q === 'string' ? q : '',
  };
}

/** The query of the address that shows this filter; what is at its default is left out. */
export function addressOfFilter({ channel, state, propertyId, bundleId, q }: LogFilter): Record<string, string> {
  return {
    tab: 'log',
    ...(channel !== undefined && { channel }),
    ...(state !== undefined && { state }),
    ...(propertyId !== undefined && { property: String(propertyId) }),
    ...(bundleId !== undefined && { bundle: String(bundleId) }),
    ...(q !== '' && { q }),
  };
}
