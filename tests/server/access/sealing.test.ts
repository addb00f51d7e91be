import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditProof } from '#contract/index.ts';
import { canonicalJson } from '#domain/canonicalJson.ts';
import { chainHash, createSealer, GENESIS } from '#server/modules/access/sealing.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe('the chain', () => {
  // Worked by hand.
  const records = [
    { at: '2025-05-10T01:00:00.000Z', actor: 'op7', action: 'sale.create', ref: 'V1', yuan: '100.00' },
    { at: '2025-05-10T09:00:00.000Z', actor: 'op7', action: 'sale.reverse', ref: 'V1', note: '客户要求' },
  ];
  const texts = [
    '{"action":"sale.create","actor":"op7","at":"2025-05-10T01:00:00.000Z","ref":"V1","yuan":"100.00"}',
    '{"action":"sale.reverse","actor":"op7","at":"2025-05-10T09:00:00.000Z","note":"客户要求","ref":"V1"}',
  ];

  test('a record has one text, and its hash stands for it and for all before it', () => {
    expect(records.map(canonicalJson)).toEqual(texts);
    const first = chainHash(GENESIS, texts[0] ?? '');
    expect(first).toBe('19eba9ab801065f203c09dc39b1316e6e22c40241cf66e30a0fbd84a4ff6486b');
    expect(chainHash(first, texts[1] ?? '')).toBe('d66ecfbc39850fd84e0d48185ca510553ecee3a27d0da9d89bb7d1c6c58ccea6');
  });
});

describe('the sealed audit log', () => {
  const proof = async () => {
    const client = await server.signedIn();
    return (await client.request('GET', '/api/audit/proof')).body as AuditProof;
  };
  const said = (word: string) =>
    server.database.db.query(sql`
      insert into audit (action, subject_kind, subject_id, after) values ('test.said', 'test', ${word}, '{"b": 1, "a": "客"}')`);
  /** Does something to the log that only its owner can, and takes it back. */
  async function tampered(...changes: ReturnType<typeof sql>[]): Promise<AuditProof> {
    const { owner } = server.database;
    await owner.query(sql`create table kept as table audit`);
    await owner.query(sql`alter table audit disable trigger audit_append_only`);
    for (const change of changes) await owner.query(change);
    const found = await proof();
    await owner.query(sql`delete from audit where id in (select id from kept) or action = 'test.slipped'`);
    await owner.query(sql`insert into audit overriding system value select * from kept`);
    await owner.query(sql`alter table audit enable trigger audit_append_only`);
    await owner.query(sql`drop table kept`);
    return found;
  }

  test('a row that was changed, removed or slipped in is found, and nothing else is', async () => {
    const { db } = server.database;
    const sealer = createSealer({ db, clock: { nowMs: () => Date.now() } });
    // Two blocks: what is there at the second look, and what came after it. An id was drawn and never used.
    await said('one');
    const [gap] = await db.query<{ id: bigint }>(sql`select nextval(pg_get_serial_sequence('audit', 'id')) as id`);
    await sealer.look();
    await said('two');
    // A seal waits for every transaction of that Postgres, also for those of other databases on it.
    await expect
      .poll(async () => {
        await sealer.look();
        return (await proof()).seals;
      })
      .toBeGreaterThan(1);
    const sound = await proof();
    expect(sound).toMatchObject({ faults: [] });
    expect(sound.rows).toBeGreaterThan(1);

    const one = sql`action = 'test.said' and subject_id = 'one'`;
    expect((await tampered(sql`update audit set after = '{"b": 2, "a": "客"}' where ${one}`)).faults).toHaveLength(1);
    expect((await tampered(sql`update audit set at = at + interval '1 microsecond' where ${one}`)).faults).toHaveLength(
      1,
    );
    expect((await tampered(sql`delete from audit where ${one}`)).faults).toHaveLength(1);
    const slipped = sql`
      insert into audit (id, action, subject_kind) overriding system value values (${gap?.id}, 'test.slipped', 'test')`;
    expect((await tampered(slipped)).faults).toHaveLength(1);
    expect(await proof()).toMatchObject({ faults: [], head: sound.head });
  });

  test('a row whose transaction is slow is waited for: no seal is set over it without it', async () => {
    const { db } = server.database;
    const sealer = createSealer({ db, clock: { nowMs: () => Date.now() } });
    await db.tx(async (tx) => {
      await tx.query(sql`insert into audit (action, subject_kind, subject_id) values ('test.said', 'test', 'slow')`);
      await said('quick');
      const before = (await proof()).rows;
      await sealer.look();
      await sealer.look();
      expect((await proof()).rows).toBe(before);
    });
    await sealer.look();
    await sealer.look();
    expect(await proof()).toMatchObject({ faults: [] });
  });

  test('seals are not changed', async () => {
    await expect(server.database.owner.query(sql`update audit_seal set rows = rows + 1`)).rejects.toThrow(
      /append-only/,
    );
    await expect(server.database.db.query(sql`delete from audit_seal`)).rejects.toThrow(/permission denied/);
  });
});
