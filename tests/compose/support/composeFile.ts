import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export type Environment = Readonly<Record<string, string>>;

export interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly user?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Environment;
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

/** docker-compose.yml as it is written: variables are still variables. */
export function composeAsWritten(): Compose {
  return parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true });
}

/** Throws for a service that is not there. */
export function serviceOf({ services }: Compose, name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

export interface Variable {
  readonly name: string;
  /** Used where the variable is unset or empty. */
  readonly fallback?: string;
  /** Said when it is unset; there is no fallback then. */
  readonly complaint?: string;
}

const VARIABLE = /\$\$|\$\{([A-Z][A-Z0-9_]*)(?::([-?])([^}]*))?\}/g;

/** Every variable of any string of a value. */
export function variablesOf(value: unknown): readonly Variable[] {
  if (typeof value === 'string') {
    return [...value.matchAll(VARIABLE)].flatMap(([, name, kind, text = '']) => {
      if (name === undefined) return [];
      return kind === '-' ? { name, fallback: text } : { name, complaint: text };
    });
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(variablesOf) : [];
}

/** The file as Compose reads it with these variables (`12-interpolation.md` of the specification). */
export function composeWith(environment: Environment): Compose {
  return substitute(composeAsWritten(), environment) as Compose;
}

function substitute(value: unknown, environment: Environment): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(VARIABLE, (whole, name: string | undefined, kind: string | undefined, text: string) => {
      if (name === undefined) return '$';
      const given = environment[name];
      if (given !== undefined && given !== '') return given;
      if (kind === '-') return text;
      throw new Error(`${whole}: required variable ${name} is missing a value`);
    });
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, environment));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substitute(inner, environment)]));
}
