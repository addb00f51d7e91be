import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** Values by the name of their field: ids of things that are there, texts that mean something. */
export type Hints = Readonly<Record<string, unknown>>;

/** Texts that some pattern of ours may want; the first that fits is taken. */
const TEXTS = [
  'x',
  'xyz',
  '100',
  '1',
  '00000000-0000-4000-8000-000000000001',
  '2026-01-01T00:00:00Z',
  '2026-01-01',
  '2026-01',
  '08:00',
  'CNY',
  'a-long-enough-text',
  '13800138000',
  'person@example.com',
  'https://example.com/hook',
  '0',
  '-1',
];

/**
 * A value that the schema takes, so that a test can spoil one thing of it. What is optional is there too when `whole`. Throws
 * when no known text fits a pattern: the list above then wants one more.
 */
export function sampleOf(schema: TSchema, hints: Hints, whole: boolean, name = ''): unknown {
  const hint = hints[name];
  if (hint !== undefined && Compile(schema).Check(hint)) return hint;
  if (has(schema, 'const')) return schema.const;
  if (has(schema, 'enum') && Array.isArray(schema.enum)) return schema.enum[0];
  if (has(schema, 'anyOf') && Array.isArray(schema.anyOf)) return sampleOf(schema.anyOf[0], hints, whole, name);
  switch (has(schema, 'type') ? schema.type : undefined) {
    case 'object':
      return sampleObject(schema, hints, whole);
    case 'array':
      return sampleArray(schema, hints, whole, name);
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return has(schema, 'minimum') ? schema.minimum : 1;
    case 'string':
      return sampleText(schema, name);
    default:
      return null;
  }
}

function sampleObject(schema: TSchema, hints: Hints, whole: boolean): unknown {
  const properties = propertiesOf(schema);
  const required = has(schema, 'required') && Array.isArray(schema.required) ? schema.required : [];
  const least = has(schema, 'minProperties') ? Number(schema.minProperties) : 0;
  const names = Object.keys(properties).filter((name, index) => whole || required.includes(name) || index < least);
  return Object.fromEntries(names.map((name) => [name, sampleOf(properties[name] ?? {}, hints, whole, name)]));
}

function sampleArray(schema: TSchema, hints: Hints, whole: boolean, name: string): unknown {
  const least = has(schema, 'minItems') ? Number(schema.minItems) : 0;
  const count = Math.max(least, whole ? 1 : 0);
  const item = has(schema, 'items') ? (schema.items as TSchema) : {};
  return Array.from({ length: count }, () => sampleOf(item, hints, whole, name));
}

function sampleText(schema: TSchema, name: string): string {
  const check = Compile(schema);
  const least = has(schema, 'minLength') ? Number(schema.minLength) : 1;
  const found = [name, ...TEXTS, 'x'.repeat(least)].find((text) => check.Check(text));
  if (found === undefined) throw new Error(`no sample for ${name}: ${JSON.stringify(schema)}`);
  return found;
}

/** The fields of an object's schema. */
export function propertiesOf(schema: TSchema | undefined): Readonly<Record<string, TSchema>> {
  return schema !== undefined && has(schema, 'properties') ? (schema.properties as Record<string, TSchema>) : {};
}

function has<Name extends string>(value: object, name: Name): value is Record<Name, unknown> {
  return name in value;
}
