import { readFileSync } from 'node:fs';
import { dashboardFiles } from '../../../grafana/source/files.ts';
import type { Language } from '../../../grafana/source/text.ts';

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly query: string;
  readonly alias: string;
  readonly rawQuery: boolean;
  readonly resultFormat: 'time_series' | 'table';
}

export interface OverrideFile {
  readonly matcher: { readonly id: string; readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

export interface PanelFile {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly timeFrom?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly Target[];
  readonly fieldConfig: { readonly defaults: { readonly unit?: string }; readonly overrides: readonly OverrideFile[] };
}

export interface VariableFile {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  readonly includeAll: boolean;
  readonly allValue?: string;
}

export interface DashboardFile {
  readonly path: string;
  readonly language: Language;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly VariableFile[] };
  readonly panels: readonly PanelFile[];
}

/** The dashboards as Grafana will read them. */
export function dashboardsOnDisk(): readonly DashboardFile[] {
  return [...dashboardFiles().keys()].map((path) => ({
    ...JSON.parse(readFileSync(`grafana/dashboards/${path}`, 'utf8')),
    path,
    language: path.split('/')[0],
  }));
}
