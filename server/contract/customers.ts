import { type Static, Type } from 'typebox';
import { closed, Id, orNothing, page, pageQuery, RequestId, Version } from './common.ts';
import { route } from './route.ts';

const tag = 'accounts';

const CustomerName = Type.String({ minLength: 1, maxLength: 80, pattern: '\\S' });
const Phone = Type.String({ pattern: '^[+0-9][0-9 -]{2,29}$', description: 'digits, spaces and hyphens' });
const Note = Type.String({ maxLength: 500 });

/** Who pays: a shop, a person. Belongs to one property. */
export const Customer = Type.Object({
  id: Id,
  propertyId: Id,
  name: Type.String(),
  phone: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  /** First letters of the name's pinyin, for the search: 星河咖啡 → xhkf. */
  initials: Type.String(),
  version: Type.Integer(),
});
export type Customer = Static<typeof Customer>;

export const listCustomers = route({
  method: 'GET',
  path: '/api/customers',
  access: 'account.view',
  tag,
  summary: 'Customers by name, phone or pinyin initials',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    text: Type.Optional(Type.String({ maxLength: 80 })),
    ...pageQuery,
  }),
  response: page(Customer),
});
export const createCustomer = route({
  method: 'POST',
  path: '/api/customers',
  access: 'account.edit',
  tag,
  status: 201,
  summary: 'Add a customer; the same requestId again answers the one that was made',
  body: Type.Object(
    {
      requestId: RequestId,
      propertyId: Id,
      name: CustomerName,
      phone: Type.Optional(Phone),
      note: Type.Optional(Note),
    },
    closed,
  ),
  response: Customer,
});
export const updateCustomer = route({
  method: 'PATCH',
  path: '/api/customers/:customerId',
  access: 'account.edit',
  tag,
  summary: 'Change a customer; `version` must be the one that was read',
  params: Type.Object({ customerId: Id }),
  body: Type.Object(
    {
      version: Version,
      name: Type.Optional(CustomerName),
      phone: orNothing(Phone),
      note: orNothing(Note),
    },
    closed,
  ),
  response: Customer,
});
