import type { FaultTarget } from './fault.ts';

/** What a person asked for: a request to the control address, help, or a sentence about what was not understood. */
export type FaultCommand =
  | {
      readonly kind: 'request';
      readonly method: 'GET' | 'POST' | 'DELETE';
      readonly path: string;
      readonly body: unknown;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const FAULT_HELP = `
  list                                    faults that are set
  clear <id>                              end one
  meter <number>                          the truth about a meter
  gateway-down <gateway>                  listener closed, connections cut
  gateway-mute <gateway>                  accepts connections, never answers
  <fault> <meter | gateway | gateway/line>
      silent | dropped | corrupted | merged | delayed <ms> | split <bytes> <gap ms> | garbage <bytes>
      frozen-relay open | closed | down | mute
      request-lost | request-doubled | request-late <ms> | lying-refusal | hoarding | stale-read
options
  --for <seconds>  --after <seconds>  --every <seconds>  --chance <0..1>  --on reads | writes
`;

const OPTIONS: Readonly<Record<string, string>> = {
  '--for': 'durationSeconds',
  '--after': 'afterSeconds',
  '--every': 'everySeconds',
  '--chance': 'probability',
  '--on': 'on',
};

/** Numbers and words that follow a fault's target, by field. */
const DETAILS: Readonly<Record<string, readonly string[]>> = {
  silent: [],
  dropped: [],
  corrupted: [],
  merged: [],
  down: [],
  mute: [],
  'request-lost': [],
  'request-doubled': [],
  'lying-refusal': [],
  hoarding: [],
  'stale-read': [],
  'request-late': ['delayMs'],
  delayed: ['delayMs'],
  split: ['pieceBytes', 'gapMs'],
  garbage: ['bytes'],
  'frozen-relay': ['shows'],
};

/** The command that shell words say. Ranges are checked by the plant itself. */
export function commandOf(words: readonly string[]): FaultCommand {
  const [verb = 'help', name, ...rest] = words;
  if (verb === 'help' || verb === '--help') return { kind: 'help' };
  if (verb === 'list') return request('GET', '/faults');
  if (name === undefined) return wrong(`'${verb}' needs a name after it`);
  if (verb === 'clear') return request('DELETE', `/faults/${encodeURIComponent(name)}`);
  if (verb === 'meter') return request('GET', `/meters/${encodeURIComponent(name)}`);
  const kind = verb.startsWith('gateway-') ? verb.slice('gateway-'.length) : verb;
  const fields = DETAILS[kind];
  if (fields === undefined) return wrong(`no command or fault '${verb}'; try help`);
  const fault: Record<string, unknown> = { kind };
  for (const [index, field] of fields.entries()) {
    const word = rest[index];
    if (word === undefined || word.startsWith('--')) return wrong(`'${verb}' needs ${fields.join(' and ')}`);
    fault[field] = field === 'shows' ? word : Number(word);
  }
  const options = optionsOf(rest.slice(fields.length));
  if (typeof options === 'string') return wrong(options);
  return request('POST', '/faults', { target: targetOf(name), fault, ...options });
}

/** Meter numbers are all digits; a slash parts gateway and line; the rest are gateways. */
function targetOf(name: string): FaultTarget {
  if (/^\d+$/.test(name)) return { kind: 'meter', meterNumber: name };
  const slash = name.indexOf('/');
  if (slash < 0) return { kind: 'gateway', gatewayCode: name };
  return { kind: 'line', gatewayCode: name.slice(0, slash), lineName: name.slice(slash + 1) };
}

function optionsOf(words: readonly string[]): Readonly<Record<string, number | string>> | string {
  const options: Record<string, number | string> = {};
  for (let index = 0; index < words.length; index += 2) {
    const word = words[index] ?? '';
    const field = OPTIONS[word];
    if (field === undefined) return `no option '${word}'; there are ${Object.keys(OPTIONS).join(', ')}`;
    if (field === 'on') {
      options[field] = words[index + 1] ?? '';
      continue;
    }
    const value = Number(words[index + 1] ?? Number.NaN);
    if (Number.isNaN(value)) return `${word} needs a number`;
    options[field] = value;
  }
  return options;
}

function request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): FaultCommand {
  return { kind: 'request', method, path, body };
}

function wrong(message: string): FaultCommand {
  return { kind: 'wrong', message };
}
