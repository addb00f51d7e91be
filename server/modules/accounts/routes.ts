import * as contract from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { changeRules, pause, resume } from './changes.ts';
import { close } from './closing.ts';
import type { AccountsContext } from './context.ts';
import { moveCustody } from './custody.ts';
import { addCustomer, changeCustomer, listCustomers } from './customers.ts';
import { decide } from './decisions.ts';
import { openNewAccount } from './opening.ts';
import { changeRatios } from './ratio.ts';
import { replace } from './replacement.ts';
import type { createSearch } from './search.ts';
import { createLookUps, createPolicies } from './service.ts';
import { settle } from './settling.ts';
import { stateRegisters } from './statements.ts';
import { tenantsOf } from './tenants.ts';
import { transfer } from './transfer.ts';

/** Customers, accounts and the money settings of a property. */
export function addAccountRoutes(
  routes: RouteServer,
  context: AccountsContext,
  search: ReturnType<typeof createSearch>,
): void {
  const lookUps = createLookUps(context, search);
  const policies = createPolicies(context);
  routes.add(contract.listCustomers, ({ actor, query }) => listCustomers(context, actor, query));
  routes.add(contract.createCustomer, ({ actor, body }) => addCustomer(context, actor, body));
  routes.add(contract.updateCustomer, ({ actor, params, body }) =>
    changeCustomer(context, actor, params.customerId, body),
  );
  routes.add(contract.searchAccounts, ({ actor, query }) => lookUps.search(actor, query.text ?? '', query.propertyId));
  routes.add(contract.listAccounts, ({ actor, query }) => lookUps.list(actor, query));
  routes.add(contract.getAccount, ({ actor, params }) => lookUps.one(actor, params.accountId));
  routes.add(contract.listAccountCases, ({ actor, params, query }) => lookUps.cases(actor, params.accountId, query));
  routes.add(contract.openAccount, ({ actor, body }) => openNewAccount(context, actor, body));
  routes.add(contract.changeAccount, ({ actor, params, body }) => changeRules(context, actor, params.accountId, body));
  routes.add(contract.pauseAccount, ({ actor, params, body }) => pause(context, actor, params.accountId, body));
  routes.add(contract.resumeAccount, ({ actor, params, body }) => resume(context, actor, params.accountId, body));
  routes.add(contract.transferAccount, ({ actor, params, body }) => transfer(context, actor, params.accountId, body));
  routes.add(contract.closeAccount, ({ actor, params, body }) => close(context, actor, params.accountId, body));
  routes.add(contract.replaceMeter, ({ actor, params, body }) => replace(context, actor, params.accountId, body));
  routes.add(contract.changeRatio, ({ actor, params, body }) => changeRatios(context, actor, params.accountId, body));
  routes.add(contract.changeCustody, ({ actor, params, body }) => moveCustody(context, actor, params.accountId, body));
  routes.add(contract.settleAccount, ({ actor, params, body }) => settle(context, actor, params.accountId, body));
  routes.add(contract.stateCaseRegisters, ({ actor, params, body }) =>
    stateRegisters(context, actor, params.accountId, params.caseId, body),
  );
  routes.add(contract.decideAccountCase, ({ actor, params, body }) =>
    decide(context, actor, params.accountId, params.caseId, body),
  );
  routes.add(contract.getMeterTenants, ({ actor, params }) => tenantsOf(context, actor, params.propertyId));
  routes.add(contract.getMoneyPolicy, ({ actor, params }) => policies.get(actor, params.propertyId));
  routes.add(contract.putMoneyPolicy, ({ actor, params, body }) => policies.put(actor, params.propertyId, body));
}
