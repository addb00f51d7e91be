import { describe, expect, test } from 'vitest';
import { ALARM_REFUSALS, ALARM_STATES } from '#contract/index.ts';
import { isAnnounced, LIFE, type LifeEvent, type LifeState, stepLife } from '#domain/alarmLife.ts';

const EVENTS: readonly LifeEvent[] = [
  ...(['raise', 'clear', 'acknowledge', 'shelve', 'unshelve', 'suppress'] as const),
  ...(['unsuppress', 'takeOut', 'putBack', 'close', 'reset'] as const),
];

/**
 * What becomes of each state with each event: while the condition holds / when it is gone. `=` nothing changes, `+state`
 * it is noted and stays, `!why` refused. Written down here again by hand, so that the table cannot change by itself.
 */
const WANTED: Readonly<Record<LifeState, Readonly<Record<LifeEvent, readonly [holds: string, gone: string]>>>> = {
  unacknowledged: {
    raise: ['=', '='],
    clear: ['returned', 'returned'],
    acknowledge: ['acknowledged', 'acknowledged'],
    shelve: ['shelved', 'shelved'],
    unshelve: ['!not-shelved', '!not-shelved'],
    suppress: ['suppressed', 'suppressed'],
    unsuppress: ['=', '='],
    takeOut: ['outOfService', 'outOfService'],
    putBack: ['=', '='],
    close: ['!still-holds', '!still-holds'],
    reset: ['closed', 'closed'],
  },
  acknowledged: {
    raise: ['=', '='],
    clear: ['closed', 'closed'],
    acknowledge: ['=', '='],
    shelve: ['shelved', 'shelved'],
    unshelve: ['!not-shelved', '!not-shelved'],
    suppress: ['suppressed', 'suppressed'],
    unsuppress: ['=', '='],
    takeOut: ['outOfService', 'outOfService'],
    putBack: ['=', '='],
    close: ['!still-holds', '!still-holds'],
    reset: ['closed', 'closed'],
  },
  returned: {
    raise: ['unacknowledged', 'unacknowledged'],
    clear: ['=', '='],
    acknowledge: ['closed', 'closed'],
    shelve: ['shelved', 'shelved'],
    unshelve: ['!not-shelved', '!not-shelved'],
    suppress: ['suppressed', 'suppressed'],
    unsuppress: ['=', '='],
    takeOut: ['outOfService', 'outOfService'],
    putBack: ['=', '='],
    close: ['closed', 'closed'],
    reset: ['closed', 'closed'],
  },
  shelved: {
    raise: ['+shelved', '+shelved'],
    clear: ['+shelved', '+shelved'],
    acknowledge: ['!shelved', '!shelved'],
    shelve: ['+shelved', '+shelved'],
    unshelve: ['unacknowledged', 'closed'],
    suppress: ['=', '='],
    unsuppress: ['=', '='],
    takeOut: ['outOfService', 'outOfService'],
    putBack: ['=', '='],
    close: ['!still-holds', 'closed'],
    reset: ['closed', 'closed'],
  },
  suppressed: {
    raise: ['+suppressed', '+suppressed'],
    clear: ['closed', 'closed'],
    acknowledge: ['!suppressed', '!suppressed'],
    shelve: ['!suppressed', '!suppressed'],
    unshelve: ['!not-shelved', '!not-shelved'],
    suppress: ['=', '='],
    unsuppress: ['unacknowledged', 'closed'],
    takeOut: ['outOfService', 'outOfService'],
    putBack: ['=', '='],
    close: ['!still-holds', 'closed'],
    reset: ['closed', 'closed'],
  },
  outOfService: {
    raise: ['+outOfService', '+outOfService'],
    clear: ['closed', 'closed'],
    acknowledge: ['!outOfService', '!outOfService'],
    shelve: ['!outOfService', '!outOfService'],
    unshelve: ['!not-shelved', '!not-shelved'],
    suppress: ['=', '='],
    unsuppress: ['=', '='],
    takeOut: ['=', '='],
    putBack: ['unacknowledged', 'closed'],
    close: ['!still-holds', 'closed'],
    reset: ['closed', 'closed'],
  },
  closed: {
    raise: ['!closed', '!closed'],
    clear: ['=', '='],
    acknowledge: ['=', '='],
    shelve: ['!closed', '!closed'],
    unshelve: ['!closed', '!closed'],
    suppress: ['=', '='],
    unsuppress: ['=', '='],
    takeOut: ['=', '='],
    putBack: ['=', '='],
    close: ['=', '='],
    reset: ['=', '='],
  },
};

function told(state: LifeState, event: LifeEvent, active: boolean): string {
  const step = stepLife(state, event, active);
  if (step.result === 'refused') return `!${step.why}`;
  if (step.result === 'already') return '=';
  return step.result === 'noted' ? `+${step.state}` : step.state;
}

describe.each(ALARM_STATES)('%s', (state) => {
  test.each(EVENTS)('%s', (event) => {
    expect([told(state, event, true), told(state, event, false)]).toEqual(WANTED[state][event]);
  });
});

test('the table knows the states of the contract and no others, each with every event', () => {
  expect(Object.keys(LIFE).toSorted()).toEqual([...ALARM_STATES].toSorted());
  for (const cells of Object.values(LIFE)) expect(Object.keys(cells).toSorted()).toEqual(EVENTS.toSorted());
});

test('every refusal has a word in the contract', () => {
  for (const state of ALARM_STATES) {
    for (const event of EVENTS) {
      const step = stepLife(state, event, true);
      if (step.result === 'refused') expect(ALARM_REFUSALS).toContain(step.why);
    }
  }
});

test('whatever happens to it, an alarm can come to its end', () => {
  for (const start of ALARM_STATES) {
    const seen = new Set<LifeState>([start]);
    for (const state of seen) {
      for (const event of EVENTS) {
        const step = stepLife(state, event, false);
        if (step.result !== 'refused') seen.add(step.state);
      }
    }
    expect(seen).toContain('closed');
  }
});

test('what is held back or over is not announced', () => {
  expect(ALARM_STATES.filter(isAnnounced)).toEqual(['unacknowledged', 'acknowledged', 'returned']);
});
