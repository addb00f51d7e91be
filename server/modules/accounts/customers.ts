import type { BodyOf, Customer, createCustomer, updateCustomer } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, toPage } from '#server/platform/http/index.ts';
import { contentHash } from './canonical.ts';
import type { AccountsContext } from './context.ts';
import { type CustomerRow, insertCustomer, selectCustomerByRequest, updateCustomerRow } from './customerStore.ts';
import { initialsOf } from './initials.ts';
import { customerCovered, demandCustomer, propertyTouched } from './visibility.ts';

export interface CustomerQuery {
  readonly propertyId?: number;
  readonly text?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** A page of the customers that the actor may see, by id. */
export function listCustomers(context: AccountsContext, actor: Actor, query: CustomerQuery) {
  const limit = query.limit ?? PAGE_ROWS;
  const after = cursorId(query.cursor) ?? 0;
  const words = (query.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...context.book.customers()]
    .filter(
      (customer) =>
        customer.id > after &&
        (query.propertyId === undefined || customer.property_id === query.propertyId) &&
        words.every((word) => textOf(customer).includes(word)) &&
        customerCovered(context, actor, 'account.view', customer),
    )
    .sort((a, b) => a.id - b.id);
  return toPage(found.slice(0, limit + 1), limit, ({ id }) => id, toCustomer);
}

/** Adds a customer. The same request again answers the one that it made. */
export async function addCustomer(
  context: AccountsContext,
  actor: Actor,
  body: BodyOf<typeof createCustomer>,
): Promise<Customer> {
  const { requestId, propertyId, name, phone, note } = body;
  const { estate, book, db } = context;
  const isProperty = estate.place(propertyId)?.kind === 'property';
  if (!isProperty || !propertyTouched(estate, actor, 'account.edit', propertyId))
    throw new AppError('not-found', `There is no property ${propertyId}.`);
  const requestHash = contentHash(body);
  return db.tx(async (tx) => {
    const initials = initialsOf(name);
    const row = await insertCustomer(tx, { requestId, requestHash, propertyId, name, phone, note, initials });
    if (row === undefined) {
      const known = await selectCustomerByRequest(tx, requestId);
      if (known === undefined || !known.request_hash.equals(requestHash)) throw keyReused('requestId');
      return toCustomer(known);
    }
    book.noteCustomer(tx, row);
    const customer = toCustomer(row);
    const subject = { subjectKind: 'customer', subjectId: row.id, propertyId };
    await audit(tx, { actor, action: 'customer.create', ...subject, after: customer });
    return customer;
  });
}

export async function changeCustomer(
  context: AccountsContext,
  actor: Actor,
  customerId: number,
  body: BodyOf<typeof updateCustomer>,
): Promise<Customer> {
  const before = demandCustomer(context, actor, 'account.edit', customerId);
  const name = body.name ?? before.name;
  const kept = (wanted: string | null | undefined, known: string | null) =>
    (wanted === undefined ? known : wanted) ?? undefined;
  const fields = {
    name,
    phone: kept(body.phone, before.phone),
    note: kept(body.note, before.note),
    initials: initialsOf(name),
  };
  return context.db.tx(async (tx) => {
    const row = await updateCustomerRow(tx, customerId, body.version, fields);
    if (row === undefined)
      throw new AppError('conflict.changed-meanwhile', 'Someone changed this customer meanwhile: read it again.');
    context.book.noteCustomer(tx, row);
    const customer = toCustomer(row);
    const subject = { subjectKind: 'customer', subjectId: customerId, propertyId: row.property_id };
    await audit(tx, { actor, action: 'customer.update', ...subject, before: toCustomer(before), after: customer });
    return customer;
  });
}

export function toCustomer(row: CustomerRow): Customer {
  return {
    id: row.id,
    propertyId: row.property_id,
    name: row.name,
    initials: row.initials,
    version: row.version,
    ...(row.phone === null ? {} : { phone: row.phone }),
    ...(row.note === null ? {} : { note: row.note }),
  };
}

export function keyReused(field: string): AppError {
  return new AppError(
    'request.key-reused',
    `This ${field} was used for another request: make a new one for each thing that is wanted.`,
    [{ field, message: 'was used before' }],
  );
}

function textOf({ name, phone, initials }: CustomerRow): string {
  return `${name}\n${phone ?? ''}\n${initials}`.toLowerCase();
}
