/**
 * How InfluxDB is reached. The three generations want different credentials, so that the settings say which one is
 * meant; the server's own word (`/ping`) must agree.
 */
export type InfluxSettings =
  | {
      readonly version: 1;
      readonly url: string;
      readonly name: string;
      readonly user: string | undefined;
      readonly password: string | undefined;
    }
  | {
      readonly version: 2;
      readonly url: string;
      readonly name: string;
      readonly org: string;
      readonly token: string;
    }
  | { readonly version: 3; readonly url: string; readonly name: string; readonly token: string };

/** Raw readings live in the database (or bucket) of the settings, roll-ups beside it: they are kept for other times. */
export function rollUpName({ name }: InfluxSettings): string {
  return `${name}_rollup`;
}
