/** A fault as JSON schema names it; `schemaPath` and `instancePath` are JSON pointers. */
export interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

const BRANCH = /^(.*\/anyOf)\/(\d+)(?:\/|$)/;

/**
 * Faults of a union of tagged objects, told of the branch that was meant. JSON schema complains of every branch, so a
 * wrong port of a `modbus-tcp` transport would be told that a serial path is missing. The branch meant is the one whose
 * constant property (`kind`) the value carries; when it carries none of them, that alone is the fault.
 */
export function tellMeantBranch(errors: readonly SchemaError[], schema: unknown, value: unknown): SchemaError[] {
  const told = new Set<string>();
  return errors.flatMap((error) => {
    const [, union, branch] = BRANCH.exec(error.schemaPath) ?? [];
    const unionPath = union ?? (error.keyword === 'anyOf' ? `${error.schemaPath}/anyOf` : undefined);
    const branches = unionPath === undefined ? undefined : at(schema, unionPath.replace(/^#/, ''));
    const tag = Array.isArray(branches) ? tagOf(branches) : undefined;
    if (unionPath === undefined || tag === undefined) return [error];
    const base = baseOf(error, value, tag.name);
    const meant = tag.values.indexOf(field(at(value, base), tag.name));
    if (meant >= 0) return branch === String(meant) ? [error] : [];
    const path = `${base}/${tag.name}`;
    if (told.has(path)) return [];
    told.add(path);
    const message = `must be one of ${tag.values.join(', ')}`;
    return [{ keyword: 'enum', schemaPath: unionPath, instancePath: path, params: {}, message }];
  });
}

/** The property that every branch fixes to a constant of its own, and the constants in the order of the branches. */
function tagOf(
  branches: readonly unknown[],
): { readonly name: string; readonly values: readonly unknown[] } | undefined {
  const [first] = branches;
  for (const name of Object.keys(record(field(first, 'properties')))) {
    const values = branches.map((branch) => field(field(field(branch, 'properties'), name), 'const'));
    if (values.every((value) => value !== undefined)) return { name, values };
  }
  return undefined;
}

/** Where the tagged object stands: the fault is its own or one of its properties'. */
function baseOf({ instancePath }: SchemaError, value: unknown, tag: string): string {
  const parent = instancePath.slice(0, Math.max(0, instancePath.lastIndexOf('/')));
  const own = at(value, instancePath);
  return typeof own === 'object' && own !== null && (tag in own || !(tag in record(at(value, parent))))
    ? instancePath
    : parent;
}

function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce((inner, name) => field(inner, name), value);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
