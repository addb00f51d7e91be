import { readdirSync } from 'node:fs';
import type { MeterModel } from '#drivers/core/index.ts';
import { faultsOf, isMeterModel } from './faults.ts';

/** Files of this folder that hold no model. */
const HELPERS: ReadonlySet<string> = new Set(['index.ts', 'faults.ts', 'acrelPurse.ts', 'purseFaults.ts']);

/**
 * Every model of this folder, by id: adding a meter is adding its file. A file that exports no model, or one that
 * contradicts itself, stops the start with a sentence that names it.
 */
export const MODELS: readonly MeterModel[] = await loadModels(import.meta.dirname);

const BY_ID: ReadonlyMap<string, MeterModel> = new Map(MODELS.map((model) => [model.id, model]));

/** The model stored with a meter as `id`; undefined when this version does not know it. */
export function modelById(id: string): MeterModel | undefined {
  return BY_ID.get(id);
}

async function loadModels(folder: string): Promise<readonly MeterModel[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !HELPERS.has(file));
  const models = await Promise.all(files.toSorted().map((file) => loadModel(file)));
  const twice = models.find(({ id }, index) => models.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw new Error(`two model files claim the id ${twice.id}`);
  return models.toSorted((a, b) => a.id.localeCompare(b.id));
}

async function loadModel(file: string): Promise<MeterModel> {
  const exported: Readonly<Record<string, unknown>> = await import(new URL(file, import.meta.url).href);
  const models = Object.values(exported).filter(isMeterModel);
  const model = models[0];
  if (model === undefined || models.length > 1)
    throw new Error(`drivers/models/${file} exports ${models.length} meter models, one belongs in a file`);
  const faults = faultsOf(model);
  if (faults.length > 0) throw new Error(`drivers/models/${file}: ${faults.join('; ')}`);
  return model;
}
