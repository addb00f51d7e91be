/** Extra facts of a log line: short values, no secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The house's log. A line is one sentence and its fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log under a name: `db`, `http`, `plant`. */
  child(name: string): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  readonly nowMs: () => number;
  readonly write: (line: string) => void;
}

/** Makes a log that writes one line per call through `write`. */
export function createLog(options: LogOptions, name = 'server'): Log {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      const time = new Date(options.nowMs()).toISOString();
      options.write(
        options.format === 'json'
          ? `${JSON.stringify({ time, level, name, message, ...printable(fields) })}\n`
          : `${time} ${level.padEnd(5)} ${name}: ${message}${asText(fields)}\n`,
      );
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (childName) => createLog(options, childName),
  };
}

/** A log that says nothing, for tests. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

function printable(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, printableValue(value)]));
}

function printableValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? (value.stack ?? value.message) : value;
}

function asText(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => [key, printableValue(value)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
}
