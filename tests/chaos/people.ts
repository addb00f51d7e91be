import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyRoute, ResponseOf } from '#contract/index.ts';
import { type Api, ApiFailure, type ApiRequest, signInTo } from '../scenarios/support/api.ts';

const ASK_AGAIN_MS = 150;
/** A question that hangs is asked anew: whoever was asked may be gone. */
const ANSWER_MS_MAX = 15_000;
/** After so long somebody would stop trying and call: then the run has failed. */
const PATIENCE_MS = 600_000;

/** The server said no, for a reason of the trade. */
export class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Somebody who asks until there is an answer: through lost connections, restarts and servers that cannot now. */
export interface Stubborn {
  /** Throws `Refusal` where the answer is a refusal. */
  call<R extends AnyRoute>(route: R, request?: ApiRequest<R>): Promise<ResponseOf<R>>;
}

export async function stubborn(url: string, user: string, password: string): Promise<Stubborn> {
  const api = await untilAnswered('the sign-in', () => signInTo(url, user, password));
  return {
    call: (route, request) =>
      untilAnswered(`${route.method} ${route.path} ${JSON.stringify(request)}`, () =>
        answeredInTime(api, route, request),
      ),
  };
}

async function untilAnswered<T>(what: string, ask: () => Promise<T>): Promise<T> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ApiFailure && error.status < 500 && error.status !== 429)
        throw new Refusal(error.code, error.message);
      if (performance.now() > giveUpMs)
        throw new Error(`nobody answered ${what} for ${PATIENCE_MS / 1_000} s`, { cause: error });
    }
    await sleep(ASK_AGAIN_MS);
  }
}

async function answeredInTime<R extends AnyRoute>(api: Api, route: R, request?: ApiRequest<R>): Promise<ResponseOf<R>> {
  const late = new AbortController();
  const noAnswer = sleep(ANSWER_MS_MAX, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no answer to ${route.method} ${route.path}`);
  });
  noAnswer.catch(() => undefined);
  try {
    return await Promise.race([api.call(route, request), noAnswer]);
  } finally {
    late.abort();
  }
}
