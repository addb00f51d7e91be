import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/** The page that opens without signal. */
const PAGE = 'features/alarms/AlarmsPage.vue';
/** Files of the shell that the build does not name by their content. */
const PLAIN = ['/theme.js', '/favicon.svg'];

interface Chunk {
  readonly type: 'chunk';
  readonly fileName: string;
  readonly isEntry: boolean;
  readonly facadeModuleId: string | null;
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> };
}
type Bundle = Readonly<Record<string, Chunk | { readonly type: 'asset' }>>;

/**
 * Writes `shell.json`: the files that the alarms page needs to start, for the service worker to keep. Fonts are not
 * among them: a phone has its own.
 */
export function shellList(): Plugin {
  return {
    name: 'shell-list',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const list = shellOf(bundle);
        this.emitFile({ type: 'asset', fileName: 'shell.json', source: `${JSON.stringify(list)}\n` });
      },
    },
  };
}

/** Entry and alarms page with all that they import, and what the page loads later. Throws when the page is not there. */
function shellOf(bundle: Bundle) {
  const chunks = new Map(Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one]] : [])));
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry);
  const page = [...chunks.values()].find(({ facadeModuleId }) => facadeModuleId?.endsWith(PAGE));
  if (entry === undefined || page === undefined) throw new Error(`the build has no ${PAGE}`);
  const needed = new Set<Chunk>();
  function need(chunk: Chunk | undefined, later: boolean): void {
    if (chunk === undefined || needed.has(chunk)) return;
    needed.add(chunk);
    for (const name of chunk.imports) need(chunks.get(name), later);
    if (later) for (const name of chunk.dynamicImports) need(chunks.get(name), later);
  }
  need(entry, false);
  need(page, true);
  const files = [...needed].flatMap(({ fileName, viteMetadata }) => [fileName, ...(viteMetadata?.importedCss ?? [])]);
  const addresses = [...new Set(files)].sort().map((file) => `/${file}`);
  const id = createHash('sha256').update(addresses.join('\n')).digest('hex').slice(0, 16);
  return { id, entry: `/${entry.fileName}`, files: [...addresses, ...PLAIN] };
}
