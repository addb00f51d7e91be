import { type Static, Type } from 'typebox';
import { RATES } from '#domain/tariff/types.ts';
import { closed, Id, Instant, MinorUnits, page, pageQuery, Version } from './common.ts';
import { route } from './route.ts';

const tag = 'tariffs';

/** A published price per kWh or m³ as it was published; checked by the server, with a sentence. */
const PriceText = Type.String({ maxLength: 40, description: '0 or more, at most eight decimals: "0.715686"' });
/** kWh or m³ as decimal text. */
const QuantityText = Type.String({ maxLength: 40, description: 'kWh or m³, at most three decimals: "120.5"' });
const Day = Type.String({ maxLength: 20, description: '2026-10-01' });
const Name = Type.String({ minLength: 1, maxLength: 60, pattern: '^[^\\s]' });
const ListName = Type.String({
  pattern: '^[A-Za-z][A-Za-z0-9]{0,39}$',
  description: 'holiday, extraWorkday, hotDay …',
});

export const TariffRate = Type.Enum(RATES);
const Medium = Type.Enum(['electricity', 'water'] as const);
/** What the price of each rate is. */
const RatePriceTexts = Type.Object(
  { sharp: PriceText, peak: PriceText, flat: PriceText, valley: PriceText, deepValley: PriceText },
  closed,
);

const StepsText = Type.Object(
  {
    period: Type.Enum(['month', 'year'] as const),
    steps: Type.Array(
      Type.Object(
        {
          /** The limit still costs this step; left out for the last. */
          upTo: Type.Optional(QuantityText),
          price: PriceText,
        },
        closed,
      ),
      { minItems: 1, maxItems: 10 },
    ),
  },
  closed,
);

const DayTablesText = Type.Object(
  {
    tables: Type.Array(Type.Array(TariffRate, { maxItems: 200 }), {
      minItems: 1,
      maxItems: 24,
      description: '96 rates each, one per quarter hour of the local day',
    }),
    rules: Type.Array(
      Type.Object(
        {
          table: Type.Integer({ minimum: 0, maximum: 23 }),
          months: Type.Optional(
            Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), { minItems: 1, maxItems: 12, uniqueItems: true }),
          ),
          weekdays: Type.Optional(
            Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7, uniqueItems: true }),
          ),
          list: Type.Optional(ListName),
        },
        closed,
      ),
      { minItems: 1, maxItems: 100, description: 'the first that matches a day holds; the last must match every day' },
    ),
  },
  closed,
);

/** Parts of the price with lines of their own on the bill; one price for each step. */
const Components = Type.Array(
  Type.Object({ name: Name, prices: Type.Array(PriceText, { minItems: 1, maxItems: 10 }) }, closed),
  { minItems: 1, maxItems: 10 },
);

/** What a kWh or m³ costs, with its prices as they were published. */
export const TariffBodyText = Type.Union([
  Type.Object({ kind: Type.Literal('single'), price: PriceText, components: Type.Optional(Components) }, closed),
  Type.Object(
    {
      kind: Type.Literal('timeOfUse'),
      prices: RatePriceTexts,
      days: DayTablesText,
      /** What each step adds to the price of the rate. */
      steps: Type.Optional(StepsText),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('stepped'), steps: StepsText, components: Type.Optional(Components) }, closed),
]);
export type TariffBodyText = Static<typeof TariffBodyText>;

const RatioText = Type.String({ maxLength: 20, description: 'at most four decimals: "1.7"' });
/** What a published price is said to be made of. For display and a check; what is charged is the published price. */
export const TariffComposition = Type.Object(
  {
    components: Type.Array(
      Type.Object(
        {
          name: Name,
          price: PriceText,
          /** True for what the ratios of the rates multiply. */
          floats: Type.Boolean(),
        },
        closed,
      ),
      { minItems: 1, maxItems: 20 },
    ),
    /** Ratio of each rate to flat; rates without one are not checked. */
    ratios: Type.Optional(
      Type.Object(
        {
          sharp: Type.Optional(RatioText),
          peak: Type.Optional(RatioText),
          valley: Type.Optional(RatioText),
          deepValley: Type.Optional(RatioText),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type TariffComposition = Static<typeof TariffComposition>;

/** The published price holds; this is what does not fit to it. */
export const TariffWarning = Type.Object({
  code: Type.Literal('COMPONENT_SUM_MISMATCH'),
  /** `flat` stands for a single price too. */
  rate: TariffRate,
  published: PriceText,
  computed: PriceText,
  /** Computed less published. */
  difference: Type.String(),
});
export type TariffWarning = Static<typeof TariffWarning>;

/** A published price beside the one that the meter can hold. */
export const TariffPrice = Type.Object({
  label: Type.String({ description: 'energy, a rate, or step1 …' }),
  published: PriceText,
  /** Four decimals. */
  meter: Type.String(),
  /** Meter less published, for each kWh or m³. */
  drift: Type.String(),
});
export type TariffPrice = Static<typeof TariffPrice>;

export const TariffVersion = Type.Object({
  id: Id,
  tariffId: Id,
  effectiveFrom: Instant,
  /** draft → published or dropped; of two published with the same instant the later one holds. */
  state: Type.Enum(['draft', 'published', 'dropped'] as const),
  body: TariffBodyText,
  prices: Type.Array(TariffPrice),
  /** False for steps: such a tariff is for balances kept by the platform. */
  fitsMeters: Type.Boolean(),
  composition: Type.Optional(TariffComposition),
  warnings: Type.Array(TariffWarning),
  note: Type.Optional(Type.String()),
  createdBy: Type.String(),
  createdAt: Instant,
  decidedBy: Type.Optional(Type.String()),
  decidedAt: Type.Optional(Instant),
});
export type TariffVersion = Static<typeof TariffVersion>;

export const Tariff = Type.Object({
  id: Id,
  propertyId: Id,
  name: Type.String(),
  medium: Medium,
  /** The version that holds now. */
  currentVersionId: Type.Optional(Id),
  versionCount: Type.Integer(),
});
export type Tariff = Static<typeof Tariff>;

export const DayList = Type.Object(
  { name: ListName, days: Type.Array(Day, { maxItems: 1_000 }) },
  { ...closed, description: 'days of the local calendar' },
);
export type DayList = Static<typeof DayList>;

export const TariffSettings = Type.Object({
  propertyId: Id,
  /** A version is published by somebody else than the one who wrote it. */
  secondPerson: Type.Boolean(),
  dayLists: Type.Array(DayList),
  version: Type.Integer(),
});
export type TariffSettings = Static<typeof TariffSettings>;

export const listTariffs = route({
  method: 'GET',
  path: '/api/tariffs',
  access: 'tariff.view',
  tag,
  summary: 'Tariffs, in the order in which they were made',
  query: Type.Object({ propertyId: Type.Optional(Id), ...pageQuery }),
  response: page(Tariff),
});
export const getTariff = route({
  method: 'GET',
  path: '/api/tariffs/:tariffId',
  access: 'tariff.view',
  tag,
  summary: 'One tariff with its versions, newest instant first',
  params: Type.Object({ tariffId: Id }),
  response: Type.Object({ tariff: Tariff, versions: Type.Array(TariffVersion) }),
});
export const createTariff = route({
  method: 'POST',
  path: '/api/tariffs',
  access: 'tariff.edit',
  tag,
  status: 201,
  summary: 'Add a tariff; it charges nothing before a version of it is published',
  body: Type.Object({ propertyId: Id, name: Name, medium: Medium }, closed),
  response: Tariff,
});
export const addTariffVersion = route({
  method: 'POST',
  path: '/api/tariffs/:tariffId/versions',
  access: 'tariff.edit',
  tag,
  status: 201,
  summary: 'Add a version as a draft; it is never changed, only published or dropped',
  params: Type.Object({ tariffId: Id }),
  body: Type.Object(
    {
      effectiveFrom: Instant,
      body: TariffBodyText,
      composition: Type.Optional(TariffComposition),
      note: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    },
    closed,
  ),
  response: TariffVersion,
});
export const decideTariffVersion = route({
  method: 'POST',
  path: '/api/tariff-versions/:versionId/decision',
  access: 'tariff.edit',
  tag,
  summary: 'Publish a draft or drop it; by a second person where the property says so',
  params: Type.Object({ versionId: Id }),
  body: Type.Object({ decision: Type.Enum(['publish', 'drop'] as const) }, closed),
  response: TariffVersion,
});
export const previewTariff = route({
  method: 'POST',
  path: '/api/tariff-preview',
  access: 'tariff.view',
  tag,
  summary: 'What a body would charge and which rates a day would have; nothing is stored',
  body: Type.Object(
    {
      propertyId: Id,
      body: TariffBodyText,
      composition: Type.Optional(TariffComposition),
      day: Type.Optional(Day),
      consumption: Type.Optional(
        Type.Object(
          {
            /** Used since the start of the tier period. */
            usedBefore: Type.Optional(QuantityText),
            total: QuantityText,
            byRate: Type.Optional(
              Type.Object(
                {
                  sharp: Type.Optional(QuantityText),
                  peak: Type.Optional(QuantityText),
                  flat: Type.Optional(QuantityText),
                  valley: Type.Optional(QuantityText),
                  deepValley: Type.Optional(QuantityText),
                },
                closed,
              ),
            ),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  response: Type.Object({
    prices: Type.Array(TariffPrice),
    fitsMeters: Type.Boolean(),
    warnings: Type.Array(TariffWarning),
    /** Only with `day`, of a time-of-use tariff. */
    day: Type.Optional(
      Type.Object({ date: Day, rule: Type.Integer(), table: Type.Integer(), rates: Type.Array(TariffRate) }),
    ),
    /** Only with `consumption`. */
    charge: Type.Optional(
      Type.Object({
        lines: Type.Array(
          Type.Object({
            label: Type.String(),
            component: Type.Optional(Type.String()),
            quantity: QuantityText,
            price: PriceText,
            amountMinor: MinorUnits,
          }),
        ),
        totalMinor: MinorUnits,
        /** What a meter with its four decimals would deduct. */
        meterMinor: MinorUnits,
      }),
    ),
  }),
});

export const checkResale = route({
  method: 'POST',
  path: '/api/resale-check',
  access: 'tariff.view',
  tag,
  summary: 'Did the tenants pay more than the grid took, or more than its average price and a float? Nothing is stored',
  body: Type.Object(
    {
      propertyId: Id,
      gridBillMinor: MinorUnits,
      gridQuantity: QuantityText,
      tenantMinor: MinorUnits,
      tenantPrice: PriceText,
      /** Allowed above the average price, 10⁻⁶. */
      floatPpm: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    },
    closed,
  ),
  response: Type.Object({
    averagePrice: PriceText,
    noMarkup: Type.Object({ ok: Type.Boolean(), overMinor: MinorUnits }),
    float: Type.Object({ ok: Type.Boolean(), capPrice: PriceText, overPrice: PriceText }),
  }),
});

const propertyParams = Type.Object({ propertyId: Id });
export const getTariffSettings = route({
  method: 'GET',
  path: '/api/properties/:propertyId/tariff-settings',
  access: 'tariff.view',
  tag,
  summary: 'Day lists of a property, and whether prices need a second person',
  params: propertyParams,
  response: TariffSettings,
});
export const putDayLists = route({
  method: 'PUT',
  path: '/api/properties/:propertyId/day-lists',
  access: 'tariff.edit',
  tag,
  summary: 'Replace the day lists; `version` must be the one that was read',
  params: propertyParams,
  body: Type.Object({ version: Version, dayLists: Type.Array(DayList, { maxItems: 20 }) }, closed),
  response: TariffSettings,
});
export const putTariffSettings = route({
  method: 'PUT',
  path: '/api/properties/:propertyId/tariff-settings',
  access: 'money.settings',
  tag,
  summary: 'Say whether prices are published by a second person; `version` must be the one that was read',
  params: propertyParams,
  body: Type.Object({ version: Version, secondPerson: Type.Boolean() }, closed),
  response: TariffSettings,
});
