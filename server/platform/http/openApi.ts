import { type AnyRoute, ErrorBody, FILE_TYPES } from '#contract/index.ts';

const COMMON_ANSWERS = {
  '400': 'The request is wrong',
  '401': 'Sign in first',
  '403': 'No right to this',
  '404': 'Not here',
};

/** The OpenAPI 3.1 document of all contracts. Deterministic: same contracts, same text. */
export function openApiDocument(contracts: readonly AnyRoute[], release: string) {
  const paths: Record<string, Record<string, object>> = {};
  for (const contract of contracts) {
    const path = contract.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [contract.method.toLowerCase()]: operation(contract) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Meterwall',
      version: release,
      description:
        'Sign in by POST /api/session; the cookie it sets is the session. Lists are paged: pass `nextCursor` back as `cursor`. An unknown field is an error. Money is text of minor units.',
    },
    tags: [...new Set(contracts.map((contract) => contract.tag))].sort().map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'mw_session' } },
      schemas: { Error: ErrorBody },
    },
  };
}

function operation(contract: AnyRoute): object {
  const good = String(contract.status ?? 200);
  const open = contract.access === 'public';
  const right = open
    ? 'Needs no session.'
    : contract.access === 'self'
      ? 'Needs a session.'
      : `Needs \`${contract.access}\`.`;
  return {
    operationId: operationId(contract),
    tags: [contract.tag],
    summary: contract.summary,
    description: right,
    security: open ? [] : [{ session: [] }],
    'x-permission': contract.access,
    parameters: [...parameters(contract.params, 'path'), ...parameters(contract.query, 'query')],
    ...(contract.body === undefined ? {} : { requestBody: { required: true, content: json(contract.body) } }),
    responses: {
      [good]: good === '204' ? { description: 'Done' } : { description: 'Good', content: contentOf(contract) },
      ...Object.fromEntries(
        Object.entries(COMMON_ANSWERS).map(([status, description]) => [
          status,
          { description, content: json({ $ref: '#/components/schemas/Error' }) },
        ]),
      ),
    },
  };
}

/** `GET /api/meters/:meterId/now` → `getMetersMeterIdNow`. */
function operationId(contract: AnyRoute): string {
  const words = contract.path.replace(/^\/api\//, '').split(/[^A-Za-z0-9]+/);
  const named = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `${contract.method.toLowerCase()}${named}`;
}

function parameters(schema: AnyRoute['params'], where: 'path' | 'query'): object[] {
  const required: readonly string[] = schema?.required ?? [];
  return Object.entries<object>(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
}

function contentOf({ file, response }: AnyRoute) {
  return file === undefined ? json(response) : { [FILE_TYPES[file]]: { schema: response } };
}

function json(schema: object) {
  return { 'application/json': { schema } };
}
