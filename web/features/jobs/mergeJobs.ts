import type { Command, CommandBatch } from '#contract/commands.ts';
import type { VendBatchSummary } from '#contract/jobs.ts';

/** One line under Jobs: a batch of commands, a single command that waits for a second person, or a sheet of refunds and makeups. */
export type Job =
  | { readonly kind: 'commands'; readonly id: string; readonly givenAt: string; readonly batch: CommandBatch }
  | { readonly kind: 'command'; readonly id: string; readonly givenAt: string; readonly command: Command }
  | { readonly kind: 'sheet'; readonly id: string; readonly givenAt: string; readonly sheet: VendBatchSummary };

/** What is known of one of the lists, newest first. `more`: the server has older ones. */
export interface Source {
  readonly jobs: readonly Job[];
  readonly more: boolean;
}

/**
 * All lists as one, newest first. A list that is not at its end hides what is older than its last line in the others:
 * between them something may still come.
 */
export function mergeJobs(sources: readonly Source[]): readonly Job[] {
  const ends = sources.flatMap(({ jobs, more }) => (more ? [jobs.at(-1)?.givenAt ?? '9999'] : []));
  const known = ends.length === 0 ? '' : ends.reduce((a, b) => (a > b ? a : b));
  return sources
    .flatMap(({ jobs }) => jobs)
    .filter(({ givenAt }) => givenAt >= known)
    .sort((a, b) => (a.givenAt < b.givenAt ? 1 : a.givenAt > b.givenAt ? -1 : a.id < b.id ? 1 : -1));
}
