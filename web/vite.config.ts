import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers';
import components from 'unplugin-vue-components/vite';
import { defineConfig } from 'vite';
import { shellList } from './shellList.ts';

/** Where the dev server finds the API; the real server says its address at start. */
const serverUrl = process.env['METERWALL_SERVER'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [
    vue(),
    components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
    shellList(),
  ],
  server: {
    host: '127.0.0.1',
    // Our own folders web/api and web/live stand at the same paths: their files are the page's, not the server's.
    proxy: { '^/api/(?!.*\\.ts)': { target: serverUrl }, '^/live/\\?': { target: serverUrl, ws: true } },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Our content security policy refuses data: addresses for fonts and scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
});
