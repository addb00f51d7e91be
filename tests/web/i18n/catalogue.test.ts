// @vitest-environment node
import { globSync, readFileSync } from 'node:fs';
import { NodeTypes, type RootNode, type TemplateChildNode } from '@vue/compiler-core';
import { expect, test } from 'vitest';
import { parse } from 'vue/compiler-sfc';
import { ALARM_KINDS } from '#contract/alarms.ts';
import { ERROR_CODES } from '#contract/errors.ts';
import { QUANTITY_NAMES } from '#drivers/core/quantity.ts';
import { browserLanguage, type Catalogue, catalogueOf } from '../../../web/i18n/index.ts';

function leaves(catalogue: Catalogue, prefix = ''): (readonly [string, string])[] {
  return Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${prefix}${key}`, value] as const] : leaves(value, `${prefix}${key}.`),
  );
}
const zh = new Map(leaves(catalogueOf('zh')));
const en = new Map(leaves(catalogueOf('en')));
const components = globSync('web/**/*.vue', { exclude: (path) => path.includes('dist') });
const scripts = globSync('web/{app,features,ui,charts,live,api}/**/*.{vue,ts}');

test('both languages have the same keys', () => {
  expect([...zh.keys()].toSorted()).toEqual([...en.keys()].toSorted());
});

test('both languages fill the same places', () => {
  const named = (text: string | undefined) =>
    [...new Set([...(text ?? '').matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort().join();
  expect([...zh.keys()].filter((key) => named(zh.get(key)) !== named(en.get(key)))).toEqual([]);
});

test('every key that the screens name exists', () => {
  const missing: string[] = [];
  expect(scripts.length).toBeGreaterThan(50);
  for (const path of scripts) {
    for (const [, key = ''] of readFileSync(path, 'utf8').matchAll(/\bt\('([\w.-]+)'/g))
      if (!en.has(key)) missing.push(`${path}: ${key}`);
  }
  expect(missing).toEqual([]);
});

test('every error, alarm and quantity of the contract has words', () => {
  const keys = [
    ...Object.keys(ERROR_CODES).map((code) => `error.${code}`),
    ...Object.keys(ALARM_KINDS).map((kind) => `alarm.${kind}`),
    ...QUANTITY_NAMES.map((name) => `quantity.${name}`),
  ];
  expect(keys.filter((key) => !en.has(key))).toEqual([]);
});

/** Symbols that are the same in every language. */
const SYMBOL = /^(s|kWh|kW|PF|CSV|[UIPQ], \w+)$/;

/** Texts between the tags of a template that are words and not bindings. */
function rawTexts(node: RootNode | TemplateChildNode): readonly string[] {
  if (node.type === NodeTypes.TEXT)
    return /\p{L}/u.test(node.content) && !SYMBOL.test(node.content.trim()) ? [node.content.trim()] : [];
  return 'children' in node && Array.isArray(node.children)
    ? node.children.flatMap((child) => (typeof child === 'object' ? rawTexts(child as TemplateChildNode) : []))
    : [];
}

test('no words stand in a template itself', () => {
  const found = components.flatMap((path) => {
    const ast = parse(readFileSync(path, 'utf8')).descriptor.template?.ast;
    return ast === undefined ? [] : rawTexts(ast).map((text) => `${path}: ${text}`);
  });
  expect(found).toEqual([]);
});

test('the first language is the browser’s, else English', () => {
  expect(browserLanguage(['zh-TW', 'en'])).toBe('zh');
  expect(browserLanguage(['de', 'en-US', 'zh'])).toBe('en');
  expect(browserLanguage(['fr'])).toBe('en');
});
