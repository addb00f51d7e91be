import { readChaosOptions } from './options.ts';
import { WISH_KINDS, type WishKind } from './plan.ts';
import { type ChaosReport, runChaos } from './run.ts';

/**
 * `npm run chaos -- [--sales 2000] [--seed …]`: people sell, refund, replace, reverse and cancel until so much is accepted, while frames are lost, doubled and late, meters lie,
 * gateways drop, and the server and Postgres are killed. Then meters, book and orders are compared. Progress goes to stderr,
 * the last line of stdout is JSON and counts what was accepted; the exit code is 0 only when that is all that was wanted, nothing was
 * lost or doubled, and the book is sound.
 */
const options = readChaosOptions(process.argv.slice(2));
const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
const report = await runChaos(options, say, stopping.signal);
tell(report);
const total = report.fulfilled.filter(({ outcome }) => outcome === 'accepted').length;
const figures = {
  sales: accepted('sale'),
  refunds: accepted('refund'),
  replacements: accepted('replacement'),
  reversals: accepted('reversal'),
  cancels: accepted('cancel'),
  lost: count('lost'),
  doubled: count('doubled'),
  inDoubt: report.inDoubt.length,
  sumZero: report.sumZero,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(report.findings.length === 0 && report.sumZero && total >= options.sales ? 0 : 1);

function count(kind: 'lost' | 'doubled'): number {
  return report.findings.filter((finding) => finding.kind === kind).length;
}

function accepted(kind: WishKind): number {
  return report.fulfilled.filter((one) => one.kind === kind && one.outcome === 'accepted').length;
}

function tell({ fulfilled, kills, minutes, confirmed, cancelled, inDoubt, findings }: ChaosReport): void {
  const refused = Map.groupBy(
    fulfilled.filter(({ outcome }) => outcome === 'refused'),
    ({ wish, code }) => `${wish.kind} ${code}`,
  );
  const rows: readonly (readonly [string, string | number])[] = [
    ['seed', options.seed],
    ['minutes', minutes.toFixed(1)],
    ['server killed', kills.server],
    ['Postgres killed', kills.postgres],
    ...WISH_KINDS.map((kind) => [`${kind}s accepted`, accepted(kind)] as const),
    ...[...refused].map(([what, all]) => [`refused: ${what}`, all.length] as const),
    ['vends confirmed', confirmed],
    ['vends cancelled', cancelled],
    ['vends in doubt', inDoubt.length],
  ];
  for (const [name, value] of rows) say(`${name.padEnd(48)} ${String(value).padStart(12)}`);
  for (const { saleId, state, cause } of inDoubt) say(`in doubt: ${saleId} ${state} ${cause ?? ''}`);
  for (const { kind, text } of findings) say(`${kind}: ${text}`);
}
