import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import { createGateway } from '#contract/index.ts';
import { tellMeantBranch } from '#server/platform/http/unionErrors.ts';

function faults(transport: unknown, name: unknown = '1'): readonly string[] {
  const schema = createGateway.body ?? {};
  const body = { propertyId: 1, code: 'GW', lines: [{ name, transport }] };
  return tellMeantBranch(Compile(schema).Errors(body), schema, body)
    .filter(({ keyword }) => keyword !== 'boolean')
    .map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

const LINE = '/lines/0/transport';

describe('faults of a tagged union are told of the branch that was meant', () => {
  test.for<[unknown, readonly string[]]>([
    [{ kind: 'modbus-tcp', host: 'a b', port: 70_000 }, [`${LINE}/host pattern`, `${LINE}/port maximum`]],
    [{ kind: 'rtu-over-tcp', host: 'a' }, [`${LINE} required`]],
    [{ kind: 'serial', host: 'a' }, [`${LINE} required`, `${LINE} additionalProperties`]],
    [{ kind: 'carrier-pigeon' }, [`${LINE}/kind enum`]],
    [{ host: 'a', port: 1 }, [`${LINE}/kind enum`]],
  ])('%j', ([transport, expected]) => {
    expect(faults(transport)).toEqual(expected);
  });

  test('other faults are told beside them', () => {
    expect(faults({ kind: 'carrier-pigeon' }, '')).toEqual(
      expect.arrayContaining(['/lines/0/name minLength', `${LINE}/kind enum`]),
    );
  });
});
