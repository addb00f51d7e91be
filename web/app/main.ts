import '@fontsource-variable/noto-sans-sc/wght.css';
import 'element-plus/theme-chalk/base.css';
import 'element-plus/theme-chalk/dark/css-vars.css';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/columns.css';
import '../styles/elementPlus.css';
import { createPinia } from 'pinia';
import { createApp, watch, watchEffect } from 'vue';
import { API_KEY, createApiClient } from '../api/client.ts';
import { createTranslator, LANGUAGE_TAGS } from '../i18n/index.ts';
import { createLiveClient, LIVE_KEY } from '../live/liveClient.ts';
import { createLiveSocket } from '../live/liveSocket.ts';
import { reloadSoftly, servesRelease } from '../live/reload.ts';
import App from './App.vue';
import { createEntrance } from './entrance.ts';
import { useEstate } from './estate.ts';
import { createAppRouter, signInFor } from './router.ts';
import { useServerReach } from './serverReach.ts';
import { useSession } from './session.ts';
import { useSettings } from './settings.ts';
import { isAnotherServed } from './shell.ts';

const app = createApp(App);
app.use(createPinia());

const reload = () => location.reload();
// A part of the page that the server no longer has: it belongs to another release.
addEventListener('vite:preloadError', () => {
  const isServed = async () => (await fetch('/', { cache: 'no-store' }).catch(() => undefined))?.ok === true;
  reloadSoftly({ reload, isServed });
});

const socket = createLiveSocket();
const api = createApiClient({ fetch: (input, init) => fetch(input, init), onSessionRequired: leave });
app.provide(API_KEY, api);
const live = createLiveClient({
  socket,
  clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
  onRelease: (release) => reloadSoftly({ reload, isServed: () => servesRelease(release) }),
  onSessionRequired: leave,
});
app.provide(LIVE_KEY, live);

const settings = app.runWithContext(() => useSettings());
const session = app.runWithContext(() => useSession());
const estate = app.runWithContext(() => useEstate());

// The socket took the cookie of its handshake: another session needs another one.
watch(
  () => session.session?.userId,
  (userId) => (userId === undefined ? socket.stop() : socket.reconnect()),
);

const translator = createTranslator(settings.language);
app.use(translator);
watchEffect(() => {
  const root = document.documentElement;
  root.dataset['theme'] = settings.theme;
  root.dataset['density'] = settings.density;
  root.classList.toggle('dark', settings.theme === 'dark');
  root.lang = LANGUAGE_TAGS[settings.language];
  translator.global.locale.value = settings.language;
});

/** The program that was kept may be of another release than the server that is there again. */
async function renew(): Promise<void> {
  if (await isAnotherServed()) reloadSoftly({ reload, isServed: isAnotherServed });
}
const ensureSession = createEntrance({
  session,
  estate,
  server: useServerReach(),
  leave,
  renew: () => void renew(),
  nowMs: () => Date.now(),
});

/** A cashier's day begins at the desk. */
const home = () => (!session.may('wall.view') && session.may('account.view') ? '/desk' : undefined);
const router = createAppRouter(ensureSession, home);
app.use(router);

function leave(): void {
  session.end();
  estate.forget();
  const here = router.currentRoute.value;
  if (here.meta.public !== true && here.matched.length > 0) void router.push(signInFor(here));
}

router.afterEach((to) => {
  const title = to.meta.title;
  const { t } = translator.global;
  document.title = title === undefined ? t('app.name') : `${t(title)} · ${t('app.name')}`;
});
app.mount('#app');
