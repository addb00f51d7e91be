import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { defineComponent } from 'vue';
import { listPlaces } from '#contract/estate.ts';
import { openKiosk } from '#contract/kiosk.ts';
import { getSession, type Session } from '#contract/session.ts';
import { useSession } from '../../../web/app/session.ts';
import { useKioskSession } from '../../../web/features/kiosk/useKioskSession.ts';
import { mountInApp, type Serve } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

const WALL: Session = {
  userId: 9,
  user: 'kiosk-duty',
  displayName: 'Duty room',
  permissions: ['wall.view'],
  grants: [],
  expiresAt: '2026-11-26T00:00:00Z',
  demo: false,
  kiosk: true,
};
const { kiosk: _, ...person } = WALL;
const PERSON: Session = { ...person, userId: 1, user: 'ann', displayName: 'Ann' };
const PLACE = {
  id: 1,
  kind: 'property',
  name: 'North',
  code: 'N',
  position: 0,
  timeZone: 'Asia/Shanghai',
  currency: 'CNY',
};

/** The session of a wall, mounted; `asked`: what it asked the server for, in order. */
async function mountKiosk(found: Session | undefined, places: () => void) {
  const asked: string[] = [];
  const held: { kiosk?: ReturnType<typeof useKioskSession>; session?: ReturnType<typeof useSession> } = {};
  const serve: Serve = [
    [
      getSession,
      () => {
        asked.push('session');
        return found === undefined
          ? { status: 401, body: { code: 'session.required', message: 'Sign in.' } }
          : { body: found };
      },
    ],
    [
      openKiosk,
      () => {
        asked.push(held.session?.signedIn === true ? 'open while signed in' : 'open');
        return { body: { session: WALL, name: 'Duty room', tour: { dwellS: 0, alarmS: 5, touchS: 5 } } };
      },
    ],
    [
      listPlaces,
      () => {
        asked.push('places');
        places();
        return { body: { items: [PLACE] } };
      },
    ],
  ];
  const component = defineComponent(() => {
    held.session = useSession();
    held.kiosk = useKioskSession(() => 'the-link');
    return () => undefined;
  });
  await mountInApp(component, serve);
  const { kiosk, session } = held;
  if (kiosk === undefined || session === undefined) throw new Error('nothing was mounted');
  return { kiosk, session, asked };
}

test('the session that the wall had before is not taken up: opening the link ends it on the server', async () => {
  const { kiosk, session, asked } = await mountKiosk(WALL, () => {});
  await flushPromises();
  expect(asked).toEqual(['session', 'open', 'places']);
  expect(session.session?.userId).toBe(WALL.userId);
  expect(kiosk.propertyIds.value).toEqual([1]);
});

test('a refusal of the session before that comes late ends nothing: the link is opened again', async () => {
  let late = () => {};
  const { kiosk, session, asked } = await mountKiosk(undefined, () => late());
  late = () => {
    late = () => {};
    session.end();
  };
  await flushPromises();
  expect(asked).toEqual(['session', 'open', 'places', 'open', 'places']);
  expect(session.signedIn).toBe(true);
  expect(kiosk.opened.value?.name).toBe('Duty room');
});

test('a person who is signed in here is not signed out by a link', async () => {
  const { kiosk, session, asked } = await mountKiosk(PERSON, () => {});
  await flushPromises();
  expect(asked).toEqual(['session']);
  expect(kiosk.taken.value).toBe(true);
  expect(session.session?.displayName).toBe('Ann');
  kiosk.open();
  await flushPromises();
  expect(kiosk.taken.value).toBe(false);
  expect(session.session?.displayName).toBe('Duty room');
});
