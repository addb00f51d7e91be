import type { AlarmKind } from '#contract/alarms.ts';
import type { NotifyWishes } from '#contract/notifications.ts';

/** The wishes as the form holds them: what is left out in the contract is empty or off here. */
export interface WishForm {
  language: 'zh' | 'en';
  email: string;
  emailOn: boolean;
  severity: 1 | 2 | 3;
  propertyIds: number[];
  kinds: AlarmKind[];
  returned: boolean;
  quietOn: boolean;
  /** "22:00" */
  quietFrom: string;
  quietTo: string;
  exceptHigh: boolean;
}

const QUIET_FROM = 22 * 60;
const QUIET_TO = 7 * 60;

export function toForm(wishes: NotifyWishes): WishForm {
  const { quiet } = wishes;
  return {
    language: wishes.language,
    email: wishes.email ?? '',
    emailOn: wishes.emailOn,
    severity: severityOf(wishes.severity),
    propertyIds: [...(wishes.propertyIds ?? [])],
    kinds: [...(wishes.kinds ?? [])],
    returned: wishes.returned,
    quietOn: quiet !== undefined,
    quietFrom: clockOf(quiet?.fromMinute ?? QUIET_FROM),
    quietTo: clockOf(quiet?.toMinute ?? QUIET_TO),
    exceptHigh: quiet?.exceptHigh ?? true,
  };
}

export function toWishes(form: WishForm, timeZone: string): NotifyWishes {
  const email = form.email.trim();
  return {
    language: form.language,
    timeZone,
    emailOn: form.emailOn,
    severity: form.severity,
    returned: form.returned,
    ...(email === '' ? {} : { email }),
    ...(form.propertyIds.length === 0 ? {} : { propertyIds: [...form.propertyIds] }),
    ...(form.kinds.length === 0 ? {} : { kinds: [...form.kinds] }),
    ...(form.quietOn
      ? {
          quiet: {
            fromMinute: minuteOf(form.quietFrom),
            toMinute: minuteOf(form.quietTo),
            exceptHigh: form.exceptHigh,
          },
        }
      : {}),
  };
}

/** Of this browser; quiet hours follow the clock of the person. */
export function hereZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function severityOf(severity: number): 1 | 2 | 3 {
  if (severity >= 3) return 3;
  return severity === 2 ? 2 : 1;
}

function clockOf(minute: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function minuteOf(clock: string): number {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return hour * 60 + minute;
}
