import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Not ours, or made again at any time. */
const NOT_SOURCES = new Set(['node_modules', '.git', '.cache', 'data', 'coverage', 'dist', 'package-lock.json']);
/** Folders that come and go while the tests of `npm test` itself run. */
const MADE_BY_TESTS = 'made-';
const TEXT_FILE = /\.(ts|mjs|cjs|vue|css|html|json|md|sql|txt|hex|yml|yaml)$|\/run$/;

export interface SourceFile {
  /** From the clone's root, with slashes: `server/domain/alarm.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Something that breaks a rule of the house, with where to look. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

/** Every text file of the project, the untracked ones too: a rule that is broken before the commit is told in time. */
export function sourceFiles(): readonly SourceFile[] {
  return pathsUnder('').map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }));
}

function pathsUnder(folder: string): readonly string[] {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (NOT_SOURCES.has(entry.name) || entry.name.startsWith(MADE_BY_TESTS)) return [];
    if (entry.isDirectory()) return pathsUnder(`${path}/`);
    return entry.isFile() && TEXT_FILE.test(path) ? [path] : [];
  });
}

export function lineCount(file: SourceFile): number {
  return file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
}

/** Lines that match, one finding each. */
export function linesMatching(file: SourceFile, pattern: RegExp, what: string): readonly Finding[] {
  return file.text
    .split('\n')
    .flatMap((text, index) => (pattern.test(text) ? [{ path: file.path, line: index + 1, what }] : []));
}

/** The syntax tree of a .ts file, or of the script of a .vue file with its line numbers kept. */
export function parse(file: SourceFile): ts.SourceFile {
  const script = file.path.endsWith('.vue') ? scriptOf(file.text) : file.text;
  return ts.createSourceFile(file.path, script, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function scriptOf(vue: string): string {
  const match = /<script[^>]*>([\s\S]*?)<\/script>/.exec(vue);
  if (match === null || match[1] === undefined) return '';
  const start = match.index + match[0].indexOf('>') + 1;
  return vue.slice(0, start).replace(/[^\n]/g, '') + match[1];
}

/** Walks the whole tree; `visit` may return what it thinks of a node. */
export function findNodes(
  file: SourceFile,
  visit: (node: ts.Node, source: ts.SourceFile) => string | undefined,
): readonly Finding[] {
  const source = parse(file);
  const findings: Finding[] = [];
  const walk = (node: ts.Node): void => {
    const what = visit(node, source);
    if (what !== undefined) findings.push({ path: file.path, line: lineOf(source, node.getStart(source)), what });
    ts.forEachChild(node, walk);
  };
  walk(source);
  return findings;
}

export function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

/** As an editor understands it, so that a failed test leads to the place. */
export function tell(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ path, line, what }) => `${path}:${line} ${what}`);
}
