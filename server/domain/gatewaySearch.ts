/** How a line is reached, as far as people look for it. */
export type LineWay =
  | { readonly kind: 'modbus-tcp' | 'rtu-over-tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'serial'; readonly path: string };

/** What a gateway is found by. */
interface Searched {
  readonly code: string;
  readonly names?: { readonly zh?: string; readonly en?: string } | undefined;
  readonly lines: readonly { readonly name: string; readonly transport: LineWay }[];
}

/** How a line is reached, as an engineer writes it: "modbus-tcp 10.0.0.5:502", "serial /dev/ttyUSB0". */
export function wayText(way: LineWay): string {
  return way.kind === 'serial' ? `serial ${way.path}` : `${way.kind} ${way.host}:${way.port}`;
}

/** Whether a gateway has a text in its code, its names, or the names and addresses of its lines. The list and its file ask it. */
export function gatewayMatches({ code, names, lines }: Searched, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  const words = [code, names?.zh, names?.en, ...lines.flatMap(({ name, transport }) => [name, wayText(transport)])];
  return wanted === '' || words.some((word) => word?.toLowerCase().includes(wanted));
}
