import { type Dashboard, render } from './dashboard.ts';
import { energy } from './energy.ts';
import { estate } from './estate.ts';
import { platform } from './platform.ts';
import { LANGUAGES } from './text.ts';

export const DASHBOARDS: readonly Dashboard[] = [estate, energy, platform];

/** Path below `grafana/dashboards` → content. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    LANGUAGES.flatMap((language) =>
      DASHBOARDS.map((dashboard) => [`${language}/${dashboard.key}.json`, render(dashboard, language)] as const),
    ),
  );
}
