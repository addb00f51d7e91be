import type { TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AnyRoute } from '#contract/index.ts';
import { AppError } from './types.ts';
import { type SchemaError, tellMeantBranch } from './unionErrors.ts';

/** The parts of a request that a contract speaks of, as they came. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

interface Complaint {
  readonly field: string;
  readonly message: string;
}

/** Complaints in one answer; a long body can break a rule a thousand times. */
const COMPLAINTS_MAX = 10;

/**
 * Compiles the checks of one contract. `request` gives the converted parts or throws `request.invalid` naming the
 * fields; `response` throws a plain error, since a wrong answer is our fault.
 */
export function compileRoute(contract: AnyRoute) {
  const params = contract.params === undefined ? undefined : textPart(contract.params);
  const query = textPart(contract.query);
  const body = contract.body === undefined ? undefined : Compile(contract.body);
  const response = Compile(contract.response);
  return {
    request(raw: RawRequest): RawRequest {
      if (body === undefined && raw.body !== undefined && !isEmptyObject(raw.body)) {
        throw invalid([{ field: 'body', message: 'this route takes no body, leave it out' }]);
      }
      if (body !== undefined && !body.Check(raw.body)) {
        throw invalid(complaints(tellMeantBranch(body.Errors(raw.body), contract.body, raw.body), 'body'));
      }
      const valid = { params: params?.(raw.params) ?? {}, query: query(raw.query), body: raw.body };
      refuseUnstorableText(valid);
      return valid;
    },
    response(value: unknown): void {
      if (response.Check(value)) return;
      const [first] = complaints(response.Errors(value), 'response');
      throw new Error(
        `${contract.method} ${contract.path} answered against its contract: ${first?.field} ${first?.message}`,
      );
    },
  };
}

/** No text column and no JSON column takes NUL or half a surrogate pair, and no text that people write has them. */
function refuseUnstorableText({ params, query, body }: RawRequest): void {
  const found = [...unstorableText(params), ...unstorableText(query), ...unstorableText(body)];
  const message = 'has a character that is no text (NUL, or half of one), take it out';
  if (found.length > 0) throw invalid(found.slice(0, COMPLAINTS_MAX).map((field) => ({ field, message })));
}

function unstorableText(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [path.join('.') || 'body'];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    isStorable(name) ? unstorableText(inner, [...path, name]) : [[...path, 'a name'].join('.')],
  );
}

function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** Query and path arrive as text: whole numbers and booleans are converted where the schema wants them. */
function textPart(schema: TObject | undefined): (raw: unknown) => Record<string, unknown> {
  const properties: Record<string, TSchema> = schema?.properties ?? {};
  const check = schema === undefined ? undefined : Compile(schema);
  return (raw) => {
    const given = Object.entries(isRecord(raw) ? raw : {});
    const unknown = given.filter(([name]) => !Object.hasOwn(properties, name));
    if (unknown.length > 0) {
      throw invalid(unknown.map(([name]) => ({ field: name, message: 'is not known here, leave it out' })));
    }
    const converted: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(properties)) {
      if ('default' in property) converted[name] = property['default'];
    }
    for (const [name, text] of given) converted[name] = fromText(properties[name], text);
    if (check !== undefined && !check.Check(converted)) throw invalid(complaints(check.Errors(converted), 'query'));
    return converted;
  };
}

function fromText(schema: TSchema | undefined, text: unknown): unknown {
  if (typeof text !== 'string' || schema === undefined || !('type' in schema)) return text;
  if (schema.type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (schema.type === 'number' && /^-?\d{1,15}(\.\d{1,9})?$/.test(text)) return Number(text);
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** JSON schema errors as a list of field and advice, one per field. */
function complaints(errors: readonly SchemaError[], whole: string): Complaint[] {
  const byField = new Map<string, string>();
  const add = (path: string, message: string) => {
    const field = path.slice(1).replaceAll('/', '.') || whole;
    if (!byField.has(field) && byField.size < COMPLAINTS_MAX) byField.set(field, message);
  };
  for (const { keyword, instancePath, params, message } of errors) {
    // The same mistake is reported by `additionalProperties`, with the name.
    if (keyword === 'boolean') continue;
    if (keyword === 'additionalProperties') {
      for (const name of namesIn(params, 'additionalProperties'))
        add(`${instancePath}/${name}`, 'is not known here, leave it out');
    } else if (keyword === 'required') {
      for (const name of namesIn(params, 'requiredProperties')) add(`${instancePath}/${name}`, 'is missing');
    } else add(instancePath, message);
  }
  return [...byField].map(([field, message]) => ({ field, message }));
}

function namesIn(params: object, key: string): readonly string[] {
  const names: unknown = Reflect.get(params, key);
  return Array.isArray(names) ? names.map(String) : [];
}

function invalid(details: readonly Complaint[]): AppError {
  const named = details.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new AppError('request.invalid', `The request is not valid: ${named}.`, details);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmptyObject(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}
