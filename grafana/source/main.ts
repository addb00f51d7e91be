import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dashboardFiles } from './files.ts';

const FOLDER = fileURLToPath(new URL('../dashboards/', import.meta.url));

/** `npm run grafana`: writes every dashboard in every language. */
for (const [path, content] of dashboardFiles()) {
  mkdirSync(new URL('.', `file://${FOLDER}${path}`), { recursive: true });
  writeFileSync(`${FOLDER}${path}`, content);
  process.stderr.write(`grafana/dashboards/${path}\n`);
}
