import * as contract from '#contract/index.ts';
import { AppError, type RouteServer } from '#server/platform/http/index.ts';
import { addHook, changeHook, type HookDeps, listHooks, removeHook, rotateSecret, testHook } from './hooks.ts';
import { type LogDeps, listLog, mailState, retry } from './log.ts';
import { addDevice, getMine, type MineDeps, putMine, removeDevice, testMine } from './mine.ts';

export function addNotificationRoutes(routes: RouteServer, deps: MineDeps & HookDeps & LogDeps): void {
  routes.add(contract.getMyNotifications, ({ actor }) => getMine(deps, actor));
  routes.add(contract.putMyNotifications, ({ actor, body }) => putMine(deps, actor, body));
  routes.add(contract.addPushDevice, ({ actor, body }) => addDevice(deps, actor, body));
  routes.add(contract.removePushDevice, ({ actor, params }) => removeDevice(deps, actor, params.deviceId));
  routes.add(contract.testMyNotifications, ({ actor, body }) => testMine(deps, actor, body));
  routes.add(contract.listWebhooks, ({ actor, query }) => listHooks(deps, actor, query));
  routes.add(contract.createWebhook, ({ actor, body }) => addHook(deps, actor, body));
  routes.add(contract.updateWebhook, ({ actor, params, body }) => changeHook(deps, actor, params.webhookId, body));
  routes.add(contract.rotateWebhookSecret, ({ actor, params }) => rotateSecret(deps, actor, params.webhookId));
  routes.add(contract.deleteWebhook, ({ actor, params }) => removeHook(deps, actor, params.webhookId));
  routes.add(contract.testWebhook, ({ actor, params }) => testHook(deps, actor, params.webhookId));
  routes.add(contract.getMailState, () => mailState(deps));
  routes.add(contract.testMail, ({ actor, body }) => {
    // Mail servers belong to the whole platform, and so does their good name.
    if (!actor.scope('notify.settings').all)
      throw new AppError('permission.missing', 'This needs the permission notify.settings on the whole group.');
    return deps.sendTest(actor, { channel: 'email', userId: actor.userId, address: body.to }, body.language);
  });
  routes.add(contract.listDeliveries, ({ actor, query }) => listLog(deps, actor, query));
  routes.add(contract.retryDelivery, ({ actor, params }) => retry(deps, actor, params.deliveryId));
}
