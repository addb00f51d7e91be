import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AnyRoute } from '#contract/index.ts';
import type { Chance } from '#drivers/core/index.ts';
import { type Hints, propertiesOf, sampleOf } from './samples.ts';

/** A request that must be refused, and what is wrong with it. */
export interface WrongInput {
  readonly name: string;
  readonly what: string;
  readonly method: AnyRoute['method'];
  readonly path: string;
  /** Sent as it stands. */
  readonly body: string | undefined;
  readonly contentType: string;
}

export interface WrongInputSources {
  /** Of things that the sender may use. */
  readonly hints: Hints;
  /** Ids of another property's things, by the name of the field. */
  readonly foreign: Readonly<Record<string, number | string>>;
}

const NOWHERE = 2_147_483_647;
const NIL = '\u0000';
const HALF_CHARACTER = '\ud83d';
/** None of these is ever an id, a day or a key. */
const WRONG_SEGMENTS = [
  'abc',
  '0',
  '-1',
  '1.5',
  'NaN',
  '1e3',
  '2147483648',
  '99999999999999999999',
  '%00',
  '%F0%9F%98%80',
  '..%2f..',
  '0x1',
  '%20',
  'null',
  'x'.repeat(99),
];
const WRONG_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  'NaN',
  'Infinity',
  '-1',
  '1e5',
  '0x10',
  '１２',
  '12,50',
  "'; drop table meter; --",
  '../../etc/passwd',
  'x'.repeat(5_000),
  '9'.repeat(400),
  [],
  {},
  [[]],
  Array.from({ length: 3_000 }, () => 1),
  { $gt: '' },
];
/** Bodies that are no JSON object at all. */
const WRONG_TEXTS = [
  '{',
  '[]',
  'null',
  '"text"',
  '12',
  '{"a":NaN}',
  '{"a":1e999}',
  '\u0000',
  '{"__proto__":{"admin":true}}',
  '{"a":1}garbage',
  '<xml/>',
];
const WRONG_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
];

type Draft = Pick<WrongInput, 'what' | 'path' | 'body'> & { readonly contentType?: string };
type Spoil = (route: AnyRoute, sources: WrongInputSources, chance: Chance) => Draft | undefined;

/** Every way to spoil a request, with how often it is tried. */
const WAYS: readonly (readonly [times: number, spoil: Spoil])[] = [
  [10, spoilValue],
  [3, addUnknownField],
  [3, leaveOut],
  [2, spoilText],
  [2, spoilSegment],
  [2, spoilQuery],
  [1, spoilWhole],
  [3, nameForeign],
  [1, spoilVersion],
];

/** One wrong request to this route; undefined where the way that chance chose does not go with it. */
export function wrongInput(
  [name, route]: readonly [string, AnyRoute],
  sources: WrongInputSources,
  chance: Chance,
): WrongInput | undefined {
  const spoil = pick(
    WAYS.flatMap(([times, way]) => Array.from({ length: times }, () => way)),
    chance,
  );
  const draft = spoil?.(route, sources, chance);
  if (draft === undefined) return undefined;
  return { name, method: route.method, contentType: 'application/json', ...draft };
}

/** One value of the body becomes another that the contract does not take. */
function spoilValue(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const body = bodyOf(route, sources, chance);
  const at = pick(pathsOf(body), chance);
  if (at === undefined) return undefined;
  const value = pick(WRONG_VALUES, chance);
  return ifRefused(route, sources, replaced(body, at, value), `body ${at.join('.')} = ${short(value)}`);
}

function addUnknownField(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const body = bodyOf(route, sources, chance);
  const at = pick(
    [[], ...pathsOf(body)].filter((path) => isObject(valueAt(body, path))),
    chance,
  );
  if (at === undefined) return undefined;
  const field = pick(['surprise', 'constructor', 'id', 'createdBy', 'state', '', 'propertyID'], chance) ?? 'surprise';
  const value = { ...Object(valueAt(body, at)), [field]: 1 };
  return ifRefused(route, sources, replaced(body, at, value), `body ${at.join('.')} has ${field}`);
}

function leaveOut(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const body = bodyOf(route, sources, chance);
  const at = pick(pathsOf(body), chance);
  if (at === undefined) return undefined;
  return ifRefused(route, sources, replaced(body, at, undefined), `body without ${at.join('.')}`);
}

/** Texts that no database column holds. */
function spoilText(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const body = bodyOf(route, sources, chance);
  const at = pick(
    pathsOf(body).filter((path) => typeof valueAt(body, path) === 'string'),
    chance,
  );
  if (at === undefined) return undefined;
  const character = pick([NIL, HALF_CHARACTER], chance) ?? NIL;
  const text = `${String(valueAt(body, at))}${character}`;
  const path = pathOf(route, sources.hints);
  return {
    what: `body ${at.join('.')} with ${short(character)}`,
    path,
    body: JSON.stringify(replaced(body, at, text)),
  };
}

function spoilSegment(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const name = pick(Object.keys(propertiesOf(route.params)), chance);
  if (name === undefined) return undefined;
  const segment = pick(WRONG_SEGMENTS, chance) ?? 'abc';
  const body = route.body === undefined ? undefined : JSON.stringify(bodyOf(route, sources, chance));
  return { what: `path ${name} = ${short(segment)}`, path: pathOf(route, sources.hints, { [name]: segment }), body };
}

function spoilQuery(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const properties = propertiesOf(route.query);
  const known = pick(Object.keys(properties), chance);
  const name = known === undefined || chance() < 0.3 ? 'surprise' : known;
  const text =
    pick(['NaN', '-1', '1.5', '1e3', '', 'x'.repeat(300), NIL, '%', '[]', '99999999999999999999'], chance) ?? '';
  const schema = properties[name];
  // A query arrives as text: what would be a good number or a good text is not wrong.
  if (schema !== undefined && text !== NIL && (Compile(schema).Check(text) || Compile(schema).Check(Number(text))))
    return undefined;
  const path = pathOf(route, sources.hints);
  const query = `${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(text)}`;
  const body = route.body === undefined ? undefined : JSON.stringify(bodyOf(route, sources, chance));
  return { what: `query ${name} = ${short(text)}`, path: `${path}${query}`, body };
}

/** A body that is no object of ours, or is said to be something else than JSON. */
function spoilWhole(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  if (route.method === 'GET') return undefined;
  const path = pathOf(route, sources.hints);
  if (chance() < 0.3) {
    const contentType = pick(WRONG_TYPES, chance) ?? 'text/plain';
    return {
      what: `body as ${contentType}`,
      path,
      body: JSON.stringify(bodyOf(route, sources, chance) ?? { a: 1 }),
      contentType,
    };
  }
  const text = pick(WRONG_TEXTS, chance) ?? '{';
  return { what: `body is ${short(text)}`, path, body: text };
}

/** Something of another property, or that is nowhere. Lists, which cut themselves to what one may see, are no answer to it. */
function nameForeign(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const { foreign, hints } = sources;
  const body = bodyOf(route, sources, chance);
  const inBody = pathsOf(body).filter(
    (path) => Object.hasOwn(foreign, fieldOf(path)) && !isObject(valueAt(body, path)),
  );
  const inPath = Object.keys(propertiesOf(route.params)).filter((name) => Object.hasOwn(foreign, name));
  const at = pick([...inBody, ...inPath.map((name) => [`:${name}`])], chance);
  if (at === undefined) return undefined;
  const name = fieldOf(at).replace(':', '');
  const value = typeof foreign[name] === 'number' && chance() < 0.3 ? NOWHERE : foreign[name];
  const what = `${at.join('.')} = ${value}, which is not the sender’s`;
  const text = (content: unknown) => (route.body === undefined ? undefined : JSON.stringify(content));
  return at[0]?.startsWith(':') === true
    ? { what, path: pathOf(route, hints, { [name]: String(value) }), body: text(body) }
    : { what, path: pathOf(route, hints), body: text(replaced(body, at, value)) };
}

/** Name of the field, also of an entry of a list. */
function fieldOf(path: readonly string[]): string {
  return path.findLast((name) => !/^\d+$/.test(name)) ?? '';
}

/** A version that nobody read, also one that no column holds. */
function spoilVersion(route: AnyRoute, sources: WrongInputSources, chance: Chance): Draft | undefined {
  const body = bodyOf(route, sources, chance);
  if (!isObject(body) || !('version' in body)) return undefined;
  const version = pick([-1, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308], chance);
  const path = pathOf(route, sources.hints);
  return { what: `version ${version}`, path, body: JSON.stringify({ ...body, version }) };
}

/** Only what the contract itself does not take is wrong for sure. */
function ifRefused(route: AnyRoute, { hints }: WrongInputSources, body: unknown, what: string): Draft | undefined {
  if (route.body === undefined || Compile(route.body as TSchema).Check(body)) return undefined;
  return { what, path: pathOf(route, hints), body: JSON.stringify(body) };
}

function bodyOf(route: AnyRoute, { hints }: WrongInputSources, chance: Chance): unknown {
  return route.body === undefined ? undefined : sampleOf(route.body, hints, chance() < 0.7);
}

/** The path of a route with its parameters, and the query that it must have. */
export function pathOf(route: AnyRoute, hints: Hints, spoiled: Readonly<Record<string, string>> = {}): string {
  const params = propertiesOf(route.params);
  const path = route.path.replace(/:(\w+)/g, (_match, name: string) => {
    const given = spoiled[name];
    return given ?? String(sampleOf(params[name] ?? {}, hints, false, name));
  });
  const query = route.query === undefined ? {} : sampleOf(route.query, hints, false);
  const required: readonly string[] = route.query?.required ?? [];
  const text = required
    .map((name) => `${name}=${encodeURIComponent(String(Reflect.get(Object(query), name)))}`)
    .join('&');
  return text === '' ? path : `${path}?${text}`;
}

/** Where every value within `value` stands. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...path, name];
    return [at, ...pathsOf(inner, at)];
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? Reflect.get(inner, name) : undefined), value);
}

/** A copy with another value at `path`; undefined takes the field away. */
function replaced(value: unknown, path: readonly string[], wanted: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return wanted;
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === name ? replaced(inner, rest, wanted) : inner));
  return isObject(value) ? { ...value, [name]: replaced(Reflect.get(value, name), rest, wanted) } : value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
}

function pick<T>(values: readonly T[], chance: Chance): T | undefined {
  return values[Math.floor(chance() * values.length)];
}
