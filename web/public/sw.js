// Shows what the server pushes and opens it on a click, and keeps the program of the alarms page ("the shell") for a
// phone that is opened without signal. Pages come from the server whenever it answers, so that a new release is there
// with the next load; the shell answers only when nothing else does. No answer of the API is ever kept here.

/** One cache for each release of the program: the name says which. */
const SHELL = 'meterwall-shell-';
/** What belongs to the shell; made by the build. */
const LIST = '/shell.json';
/** Compressed or not: the browser sees to it. */
const ANYHOW = { ignoreVary: true };
/** Not ours to stand in for: answers of the server, and walls, which wait for their server by themselves. */
const NOT_PAGES = /^\/(api|live|healthz|metrics|kiosk)(\/|$)/;

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), keepShell()]));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && !NOT_PAGES.test(pathname)) event.respondWith(page(event));
  // The name of a built file says what is in it: what is kept of it is right for ever.
  else if (pathname.startsWith('/assets/') || pathname === '/theme.js') event.respondWith(part(request));
});

/** From the server; without one, from the shell. A gateway that speaks for a server that is away is no server. */
async function page(event) {
  let answer;
  try {
    answer = await fetch(event.request);
  } catch (error) {
    const kept = await caches.match('/', ANYHOW);
    if (kept === undefined) throw error;
    return kept;
  }
  if (answer.ok) event.waitUntil(keepShell());
  const isAway = answer.status >= 502 && answer.status <= 504;
  return (isAway && (await caches.match('/', ANYHOW))) || answer;
}

async function part(request) {
  const isNamedByContent = new URL(request.url).pathname.startsWith('/assets/');
  if (isNamedByContent) return (await caches.match(request, ANYHOW)) ?? fetch(request);
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, ANYHOW);
    if (kept === undefined) throw error;
    return kept;
  }
}

/** One at a time: pages open together. */
let keeping;
function keepShell() {
  keeping ??= keepNewShell()
    .catch(() => {}) // Without signal, or between two releases: the next page tries again.
    .finally(() => {
      keeping = undefined;
    });
  return keeping;
}

/** Keeps the shell that the server has now, whole or not at all, and forgets the one before. */
async function keepNewShell() {
  const list = await fetch(LIST, { cache: 'no-store' });
  if (!list.ok) return;
  const { id, entry, files } = await list.json();
  const name = `${SHELL}${id}`;
  if (!(await caches.has(name))) {
    const root = await fetch('/', { cache: 'no-store' });
    // A server that changes its release just now gives the list of one and the page of another.
    if (!root.ok || !(await root.clone().text()).includes(entry)) return;
    const parts = await Promise.all(files.map(async (file) => [file, await fetch(file)]));
    if (parts.some(([, answer]) => !answer.ok)) return;
    const shell = await caches.open(name);
    await Promise.all([shell.put('/', root), ...parts.map(([file, answer]) => shell.put(file, answer))]);
  }
  const names = await caches.keys();
  await Promise.all(names.filter((one) => one.startsWith(SHELL) && one !== name).map((one) => caches.delete(one)));
}

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
