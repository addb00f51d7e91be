/** Where an alarm stands, after ISA-18.2; the contract says what each means. */
export type LifeState =
  | 'unacknowledged'
  | 'acknowledged'
  | 'returned'
  | 'shelved'
  | 'suppressed'
  | 'outOfService'
  | 'closed';

/**
 * What can happen to it. `raise` and `clear`: its condition came or went. `shelve`, `acknowledge` and `close` are a
 * person's; `unshelve` a person's or the clock's; `suppress`, `unsuppress` a rule's; `takeOut` and `putBack` come from an
 * outage of its source. `reset`: a person closes a kind that is reset by hand while its condition holds.
 */
export type LifeEvent =
  | 'raise'
  | 'clear'
  | 'acknowledge'
  | 'shelve'
  | 'unshelve'
  | 'suppress'
  | 'unsuppress'
  | 'takeOut'
  | 'putBack'
  | 'close'
  | 'reset';

/** Why a thing cannot happen. */
export type LifeRefusal = 'still-holds' | 'closed' | 'suppressed' | 'outOfService' | 'shelved' | 'not-shelved';

/** What a cell of the table says. `back`: who holds it back lets go, so its condition decides. */
type Cell =
  | LifeState
  /** It is so already: nothing changes, and that is no mistake. */
  | 'same'
  | 'back'
  /** The same as above when its condition is gone, else refused as `still-holds`. */
  | 'closedWhenGone'
  | `no:${LifeRefusal}`;

/**
 * Every state with every event. What is held back notes raises and stays held back; a shelf outlives the condition, so that
 * what comes again under it stays quiet, while a rule and an outage hold back anew whatever comes. What a person shelved no
 * rule takes away; an outage goes above both. An alarm that comes again before it was closed is the same one.
 */
export const LIFE: Readonly<Record<LifeState, Readonly<Record<LifeEvent, Cell>>>> = {
  unacknowledged: {
    raise: 'same',
    clear: 'returned',
    acknowledge: 'acknowledged',
    shelve: 'shelved',
    unshelve: 'no:not-shelved',
    suppress: 'suppressed',
    unsuppress: 'same',
    takeOut: 'outOfService',
    putBack: 'same',
    close: 'no:still-holds',
    reset: 'closed',
  },
  acknowledged: {
    raise: 'same',
    clear: 'closed',
    acknowledge: 'same',
    shelve: 'shelved',
    unshelve: 'no:not-shelved',
    suppress: 'suppressed',
    unsuppress: 'same',
    takeOut: 'outOfService',
    putBack: 'same',
    close: 'no:still-holds',
    reset: 'closed',
  },
  returned: {
    raise: 'unacknowledged',
    clear: 'same',
    acknowledge: 'closed',
    shelve: 'shelved',
    unshelve: 'no:not-shelved',
    suppress: 'suppressed',
    unsuppress: 'same',
    takeOut: 'outOfService',
    putBack: 'same',
    close: 'closed',
    reset: 'closed',
  },
  shelved: {
    raise: 'shelved',
    clear: 'shelved',
    acknowledge: 'no:shelved',
    shelve: 'shelved',
    unshelve: 'back',
    suppress: 'same',
    unsuppress: 'same',
    takeOut: 'outOfService',
    putBack: 'same',
    close: 'closedWhenGone',
    reset: 'closed',
  },
  suppressed: {
    raise: 'suppressed',
    clear: 'closed',
    acknowledge: 'no:suppressed',
    shelve: 'no:suppressed',
    unshelve: 'no:not-shelved',
    suppress: 'same',
    unsuppress: 'back',
    takeOut: 'outOfService',
    putBack: 'same',
    close: 'closedWhenGone',
    reset: 'closed',
  },
  outOfService: {
    raise: 'outOfService',
    clear: 'closed',
    acknowledge: 'no:outOfService',
    shelve: 'no:outOfService',
    unshelve: 'no:not-shelved',
    suppress: 'same',
    unsuppress: 'same',
    takeOut: 'same',
    putBack: 'back',
    close: 'closedWhenGone',
    reset: 'closed',
  },
  closed: {
    // The next time is an alarm of its own.
    raise: 'no:closed',
    clear: 'same',
    acknowledge: 'same',
    shelve: 'no:closed',
    unshelve: 'no:closed',
    suppress: 'same',
    unsuppress: 'same',
    takeOut: 'same',
    putBack: 'same',
    close: 'same',
    reset: 'same',
  },
};

/** What became of it: another state, the same one (`noted`: it happened all the same), or a refusal with its reason. */
export type LifeStep =
  | { readonly result: 'moved' | 'noted' | 'already'; readonly state: LifeState }
  | { readonly result: 'refused'; readonly why: LifeRefusal };

/** One thing happens to an alarm. `active`: whether its condition holds after that. */
export function stepLife(state: LifeState, event: LifeEvent, active: boolean): LifeStep {
  const cell = LIFE[state][event];
  switch (cell) {
    case 'same':
      return { result: 'already', state };
    case 'back':
      return { result: 'moved', state: active ? 'unacknowledged' : 'closed' };
    case 'closedWhenGone':
      return active ? { result: 'refused', why: 'still-holds' } : { result: 'moved', state: 'closed' };
    case 'no:still-holds':
    case 'no:closed':
    case 'no:suppressed':
    case 'no:outOfService':
    case 'no:shelved':
    case 'no:not-shelved':
      return { result: 'refused', why: refusalOf(cell) };
    default:
      return { result: cell === state ? 'noted' : 'moved', state: cell };
  }
}

function refusalOf(cell: `no:${LifeRefusal}`): LifeRefusal {
  const refusals: Readonly<Record<`no:${LifeRefusal}`, LifeRefusal>> = {
    'no:still-holds': 'still-holds',
    'no:closed': 'closed',
    'no:suppressed': 'suppressed',
    'no:outOfService': 'outOfService',
    'no:shelved': 'shelved',
    'no:not-shelved': 'not-shelved',
  };
  return refusals[cell];
}

/** States in which nothing but a hand or the end of the condition is waited for; the others are held back or over. */
export function isAnnounced(state: LifeState): boolean {
  return state === 'unacknowledged' || state === 'acknowledged' || state === 'returned';
}
