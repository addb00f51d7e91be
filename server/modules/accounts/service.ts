import type { BodyOf, MoneyPolicyDto, putMoneyPolicy } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, scopeCovers, toPage } from '#server/platform/http/index.ts';
import { selectCases } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { toAccounts, toCase } from './dto.ts';
import { checkPolicy, toPolicy, toPolicyDto } from './policy.ts';
import { upsertPolicy } from './policyStore.ts';
import type { createSearch } from './search.ts';
import type { AccountState, AccountView } from './types.ts';
import { accountCovered, demandAccount, propertyTouched } from './visibility.ts';

export interface AccountQuery {
  readonly propertyId?: number;
  readonly customerId?: number;
  readonly meterId?: number;
  readonly state?: AccountState;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Looks up accounts; what lies outside the actor's right is not there. */
export function createLookUps(context: AccountsContext, search: ReturnType<typeof createSearch>) {
  const { book, estate } = context;
  const visible = (actor: Actor) => (account: AccountView) => accountCovered(estate, actor, 'account.view', account);

  return {
    async one(actor: Actor, accountId: number) {
      const [account] = await toAccounts(context, [demandAccount(context, actor, 'account.view', accountId)]);
      if (account === undefined) throw new Error('no answer for an account');
      return account;
    },
    async search(actor: Actor, text: string, propertyId: number | undefined) {
      return { items: await toAccounts(context, search.find(text, visible(actor), propertyId)) };
    },
    async list(actor: Actor, query: AccountQuery) {
      const limit = query.limit ?? PAGE_ROWS;
      const after = cursorId(query.cursor) ?? 0;
      const isVisible = visible(actor);
      const found = [...book.accounts()]
        .filter((account) => account.id > after && matches(account, query) && isVisible(account))
        .sort((a, b) => a.id - b.id);
      const page = toPage(
        found.slice(0, limit + 1),
        limit,
        ({ id }) => id,
        (account) => account,
      );
      return { ...page, items: await toAccounts(context, page.items) };
    },
    async cases(actor: Actor, accountId: number, query: { readonly cursor?: string; readonly limit?: number }) {
      demandAccount(context, actor, 'account.view', accountId);
      const limit = query.limit ?? PAGE_ROWS;
      const rows = await selectCases(context.db, accountId, cursorId(query.cursor), limit + 1);
      return toPage(rows, limit, ({ no }) => no, toCase);
    },
  };
}

function matches(account: AccountView, query: AccountQuery): boolean {
  return (
    (query.propertyId === undefined || account.propertyId === query.propertyId) &&
    (query.customerId === undefined || account.customerId === query.customerId) &&
    (query.state === undefined || account.state === query.state) &&
    (query.meterId === undefined || account.meters.some(({ meterId }) => meterId === query.meterId))
  );
}

/** Money settings of a property. Seen with any right on a part of it, changed with one on all of it. */
export function createPolicies({ book, estate, db }: AccountsContext) {
  const demandProperty = (propertyId: number, covered: boolean) => {
    if (estate.place(propertyId)?.kind !== 'property' || !covered)
      throw new AppError('not-found', `There is no property ${propertyId}.`);
  };
  return {
    get(actor: Actor, propertyId: number): MoneyPolicyDto {
      demandProperty(propertyId, propertyTouched(estate, actor, 'account.view', propertyId));
      return toPolicyDto(book.policy(propertyId));
    },
    put(actor: Actor, propertyId: number, body: BodyOf<typeof putMoneyPolicy>): Promise<MoneyPolicyDto> {
      demandProperty(propertyId, scopeCovers(actor.scope('money.settings'), propertyId));
      const policy = toPolicy(propertyId, body);
      checkPolicy(policy);
      return db.tx(async (tx) => {
        await upsertPolicy(tx, propertyId, body);
        book.notePolicy(tx, policy);
        const subject = { subjectKind: 'moneyPolicy', subjectId: propertyId, propertyId };
        const after = toPolicyDto(policy);
        await audit(tx, {
          actor,
          action: 'moneyPolicy.set',
          ...subject,
          before: toPolicyDto(book.policy(propertyId)),
          after,
        });
        return after;
      });
    },
  };
}
