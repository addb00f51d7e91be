import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { findNodes, lineCount, lineOf, linesMatching, type SourceFile, sourceFiles, tell } from './support/sources.ts';

const FILE_LINES_MAX = 400;
const COMPONENT_LINES_MAX = 200;
const FUNCTION_LINES_MAX = 70;
/** Tables of data: their length is their content. */
const TABLES = /^(drivers\/models|server\/contract|web\/i18n|tests\/frames)\//;
/** The seven generic parameters that only `any` can leave open. */
const ANY_ALLOWED = 'server/contract/route.ts';
/** Settings enter here; tools and tests stand outside the house. */
const ENVIRONMENT_READERS =
  /^(server\/config\.ts|drivers\/simulator\/main\.ts|web\/vite\.config\.ts|vitest\.config\.ts|(bin|tests)\/.*)$/;
/** These files must spell what they forbid. */
const RULE_BOOKS = new Set(['tests/tidy.test.ts', '.oxlintrc.json', 'biome.json']);

const files = sourceFiles();
const code = files.filter(({ path }) => /\.(ts|mjs|vue)$/.test(path));
const typed = code.filter(({ path }) => /\.(ts|vue)$/.test(path));
const prose = files.filter(({ path }) => !RULE_BOOKS.has(path));

describe('size', () => {
  test('no file is longer than a reader can hold', () => {
    const long = code.filter((file) => !TABLES.test(file.path) && !file.path.endsWith('.vue'));
    expect(tell(tooLong(long, FILE_LINES_MAX))).toEqual([]);
  });

  test('no component does the work of two', () => {
    expect(
      tell(
        tooLong(
          code.filter(({ path }) => path.endsWith('.vue')),
          COMPONENT_LINES_MAX,
        ),
      ),
    ).toEqual([]);
  });

  test('no function needs scrolling', () => {
    expect(tell(code.flatMap((file) => findNodes(file, longFunction)))).toEqual([]);
  });
});

describe('types', () => {
  test('nothing is `any`, forced or assumed to be there', () => {
    const strict = typed.filter(({ path }) => path !== ANY_ALLOWED);
    expect(tell(strict.flatMap((file) => findNodes(file, typeHole)))).toEqual([]);
  });
});

describe('tests', () => {
  test('every test runs', () => {
    const pattern = /\b(describe|test|it|suite)\.(skip|only|todo|skipIf|runIf|fails)\b|\bx(it|test|describe)\(/;
    const tests = code.filter(({ path }) => path.startsWith('tests/') && !RULE_BOOKS.has(path));
    expect(tell(tests.flatMap((file) => linesMatching(file, pattern, 'is not run')))).toEqual([]);
  });
});

describe('words', () => {
  test('nothing is left for later', () => {
    const pattern = /\b(TODO|FIXME|XXX|HACK)\b/;
    expect(tell(prose.flatMap((file) => linesMatching(file, pattern, 'names unfinished work')))).toEqual([]);
  });

  test('no path or host of one machine', () => {
    const pattern = /(^|[\s'"`(=:])\/(work|root|home|Users|mnt)\/|\bregistry\.[a-z]|\.\.\/shared\b/;
    expect(tell(prose.flatMap((file) => linesMatching(file, pattern, 'holds on one machine only')))).toEqual([]);
  });

  test('names say what a file is: camelCase.ts, PascalCase.vue, a bench as it is called', () => {
    const wrong = code.filter(({ path }) => {
      const name = path.split('/').at(-1) ?? path;
      return path.endsWith('.vue')
        ? !/^[A-Z][A-Za-z0-9]*\.vue$/.test(name)
        : !(path.startsWith('tests/bench/') ? /^[a-z][A-Za-z0-9-]*\.ts$/ : /^[a-z][A-Za-z0-9]*(\.[a-z]+)*$/).test(name);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('the house', () => {
  test('only the configuration reads the environment', () => {
    const inside = code.filter(({ path }) => !ENVIRONMENT_READERS.test(path));
    expect(tell(inside.flatMap((file) => linesMatching(file, /\bprocess\.env\b/, 'reads the environment')))).toEqual(
      [],
    );
  });

  test('every module has one door and its routes; one that asks the database has a store for its statements', () => {
    const modules = fileURLToPath(new URL('../server/modules/', import.meta.url));
    const missing = readdirSync(modules).flatMap((name) => {
      const own = code.filter(({ path }) => path.startsWith(`server/modules/${name}/`));
      const asks = own.some(({ text }) => text.includes("'#server/platform/db/"));
      return [/^index\.ts$/, /^routes\.ts$/, ...(asks ? [/^([a-z]+S|s)tore\.ts$/] : [])]
        .filter((wanted) => !readdirSync(`${modules}${name}`).some((file) => wanted.test(file)))
        .map((wanted) => `${name} has no ${wanted.source}`);
    });
    expect(missing).toEqual([]);
  });

  test('every dependency is pinned exactly', () => {
    const text = files.find(({ path }) => path === 'package.json')?.text ?? '{}';
    const { dependencies, optionalDependencies, devDependencies } = JSON.parse(text);
    const loose = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });
});

function tooLong(candidates: readonly SourceFile[], most: number) {
  return candidates
    .filter((file) => lineCount(file) > most)
    .map((file) => ({ path: file.path, line: most, what: `has ${lineCount(file)} lines, ${most} at most` }));
}

/** Lines of the function itself: functions inside it (methods of what a factory returns) count for themselves. */
function longFunction(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (!ts.isFunctionLike(node) || isTestGroup(node)) return undefined;
  const lines = linesOf(node, source) - linesOfInner(node, source);
  return lines > FUNCTION_LINES_MAX ? `function of ${lines} lines, ${FUNCTION_LINES_MAX} at most` : undefined;
}

function linesOf(node: ts.Node, source: ts.SourceFile): number {
  return lineOf(source, node.end) - lineOf(source, node.getStart(source)) + 1;
}

function linesOfInner(node: ts.Node, source: ts.SourceFile): number {
  let lines = 0;
  ts.forEachChild(node, (child) => {
    lines += ts.isFunctionLike(child) ? linesOf(child, source) - 1 : linesOfInner(child, source);
  });
  return lines;
}

/** `describe` is a heading; the tests below it are the functions. */
function isTestGroup(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isCallExpression(parent) && /^describe\b/.test(parent.expression.getText());
}

function typeHole(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'is any';
  if (ts.isNonNullExpression(node)) return 'assumes with `!`';
  const forced = ts.isAsExpression(node) && ts.isAsExpression(node.expression);
  return forced ? 'forces a type through another' : undefined;
}
