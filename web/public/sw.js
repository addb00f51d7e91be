// Shows what the server pushes and opens it on a click. It answers no request of a page: the app always loads from the
// server, so that a new release is there with the next reload.

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('push', (event) => {
  event.waitUntil(show(event.data));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? '/alarms'));
});

// The browser gave the subscription another address: the server must know it.
self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(renew(event));
});

/** Browsers demand that every push shows something. */
async function show(data) {
  let message;
  try {
    message = data.json();
  } catch {
    message = { title: 'Meterwall', body: '', tag: 'unreadable', url: '/alarms' };
  }
  // The same tag: a return takes the place of its raise, and so does a twin.
  await self.registration.showNotification(message.title, {
    body: message.body,
    tag: message.tag,
    renotify: true,
    requireInteraction: message.urgent === true,
    icon: '/favicon.svg',
    data: { url: message.url },
  });
}

/** In a window that is there, else in a new one. */
async function open(path) {
  const url = new URL(path, self.location.origin);
  // Nothing but our own pages, whatever a message says.
  const address = url.origin === self.location.origin ? url.href : self.location.origin;
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const client of windows) {
    try {
      await client.focus();
      await client.navigate(address);
      return;
    } catch {
      // A window that this worker does not control cannot be led.
    }
  }
  await self.clients.openWindow(address);
}

async function renew(event) {
  const old = event.oldSubscription;
  const key = old?.options?.applicationServerKey;
  const fresh =
    event.newSubscription ??
    (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = fresh.toJSON();
  const language = self.navigator.language.startsWith('zh') ? 'zh' : 'en';
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  await fetch('/api/notifications/devices', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint, keys, name: self.navigator.userAgent.slice(0, 80), language, timeZone }),
  });
}
