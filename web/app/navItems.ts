import { computed } from 'vue';
import type { RouteLocationRaw } from 'vue-router';
import type { IconName } from '../ui/icons.ts';
import { useAlarmCount } from './alarmCount.ts';
import { useEstate } from './estate.ts';
import { useSession } from './session.ts';
import { useWaitingCount } from './waitingCount.ts';

export interface NavItem {
  /** Catalogue key under `nav`. */
  readonly key: 'wall' | 'grid' | 'desk' | 'tariffs' | 'charges' | 'books' | 'alarms' | 'jobs' | 'gateways' | 'doctor';
  readonly to: RouteLocationRaw;
  readonly icon: IconName;
  /** Paths that belong to this item start so. */
  readonly prefixes: readonly string[];
  readonly count?: number | undefined;
  /** Work at a desk: not among the few things that a phone's bar has room for. */
  readonly office?: boolean;
}

/** What the navigation offers: only what the session may see. */
export function useNavItems() {
  const session = useSession();
  const estate = useEstate();
  const alarmCount = useAlarmCount();
  const waiting = useWaitingCount();
  return computed<readonly NavItem[]>(() => {
    const items: NavItem[] = [];
    const property = estate.current;
    if (session.may('wall.view')) {
      items.push({
        key: 'wall',
        to: property === undefined ? '/' : `/p/${property.id}/wall`,
        icon: 'wall',
        prefixes: property === undefined ? [] : [`/p/${property.id}/wall`],
      });
      if (property !== undefined) {
        const to = `/p/${property.id}/grid`;
        items.push({ key: 'grid', to, icon: 'list', prefixes: [to] });
      }
    }
    if (session.may('account.view')) {
      items.push({ key: 'desk', to: '/desk', icon: 'till', prefixes: ['/desk'] });
    }
    if (session.may('alarm.view')) {
      items.push({
        key: 'alarms',
        to: '/alarms',
        icon: 'bell',
        prefixes: ['/alarms'],
        count: alarmCount.unacknowledged,
      });
    }
    if (session.may('meter.view')) {
      items.push({
        key: 'jobs',
        to: (waiting.count ?? 0) > 0 ? '/jobs?waiting=1' : '/jobs',
        icon: 'check',
        prefixes: ['/jobs'],
        count: waiting.count,
        office: true,
      });
    }
    if (session.may('tariff.view')) {
      items.push({ key: 'tariffs', to: '/tariffs', icon: 'tag', prefixes: ['/tariffs'], office: true });
    }
    if (session.may('account.view')) {
      items.push({ key: 'charges', to: '/charges', icon: 'receipt', prefixes: ['/charges'], office: true });
    }
    if (session.may('ledger.view')) {
      items.push({ key: 'books', to: '/books', icon: 'book', prefixes: ['/books'], office: true });
    }
    if (session.may('line.view')) {
      items.push({ key: 'gateways', to: '/gateways', icon: 'gateway', prefixes: ['/gateways'] });
      items.push({ key: 'doctor', to: '/doctor', icon: 'pulse', prefixes: ['/doctor'] });
    }
    return items;
  });
}

/** Whether a path belongs to a navigation item. */
export function isActive(item: NavItem, path: string): boolean {
  return item.prefixes.some((prefix) => path.startsWith(prefix)) || (item.key === 'wall' && path === '/');
}
