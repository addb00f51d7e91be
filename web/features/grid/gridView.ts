import type { MeterProgress } from '../jobs/useBatch.ts';
import type { Column, SortBy } from './data/gridSort.ts';
import type { GridMeters } from './useMeters.ts';
import type { GridSelection } from './useSelection.ts';

/** What rows and tiles are given: they are two looks at the same meters. */
export interface GridViewProps {
  meters: GridMeters;
  selection: GridSelection;
  columns: readonly Column[];
  sort: SortBy;
  currency: string;
  progressOf: (meterId: number) => MeterProgress | undefined;
}

export interface GridViewEvents {
  sort: [sort: SortBy];
  open: [meterId: number];
  seen: [seen: { first: number; last: number }];
}
