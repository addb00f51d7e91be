import sql from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

export interface CustomerRow {
  readonly id: number;
  readonly property_id: number;
  readonly name: string;
  readonly phone: string | null;
  readonly note: string | null;
  readonly initials: string;
  readonly version: number;
}

export interface NewCustomer {
  readonly requestId: string;
  readonly requestHash: Buffer;
  readonly propertyId: number;
  readonly name: string;
  readonly phone: string | undefined;
  readonly note: string | undefined;
  readonly initials: string;
}

export function selectCustomers(db: Queryable): Promise<CustomerRow[]> {
  return db.query<CustomerRow>(
    sql`select id, property_id, name, phone, note, initials, version from customer order by id`,
  );
}

/** Undefined when a request of this id made one before. */
export async function insertCustomer(tx: Tx, customer: NewCustomer): Promise<CustomerRow | undefined> {
  const { requestId, requestHash, propertyId, name, phone = null, note = null, initials } = customer;
  const rows = await tx.query<CustomerRow>(sql`
    insert into customer (property_id, name, phone, note, initials, request_id, request_hash)
    values (${propertyId}, ${name}, ${phone}, ${note}, ${initials}, ${requestId}, ${requestHash})
    on conflict on constraint customer_request_key do nothing
    returning id, property_id, name, phone, note, initials, version`);
  return rows[0];
}

/** The customer that a request made. */
export async function selectCustomerByRequest(
  tx: Tx,
  requestId: string,
): Promise<(CustomerRow & { readonly request_hash: Buffer }) | undefined> {
  const rows = await tx.query<CustomerRow & { readonly request_hash: Buffer }>(sql`
    select id, property_id, name, phone, note, initials, version, request_hash
    from customer where request_id = ${requestId}`);
  return rows[0];
}

/** Undefined when the version is another. */
export async function updateCustomerRow(
  tx: Tx,
  customerId: number,
  version: number,
  fields: {
    readonly name: string;
    readonly phone: string | undefined;
    readonly note: string | undefined;
    readonly initials: string;
  },
): Promise<CustomerRow | undefined> {
  const { name, phone = null, note = null, initials } = fields;
  const rows = await tx.query<CustomerRow>(sql`
    update customer set name = ${name}, phone = ${phone}, note = ${note}, initials = ${initials}, version = version + 1
    where id = ${customerId} and version = ${version}
    returning id, property_id, name, phone, note, initials, version`);
  return rows[0];
}
