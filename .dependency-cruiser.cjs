/**
 * Who may import whom. Each rule is one sentence of the house's layout (README.md, "How the house is laid out");
 * `npm run check` holds them all, type imports included.
 */

/** Modules import only to the left: news travels right as events, calls travel left. */
const MODULE_ORDER = [
  'access',
  'estate',
  'metering',
  'tariffs',
  'ledger',
  'accounts',
  'commands',
  'alarms',
  'doctor',
  'vending',
  'settlement',
  'notifications',
  'timeline',
  'exports',
];

/** Each big library lives in one place, so that it can be replaced there and is wrapped only once. */
const LIBRARY_HOMES = [
  { libraries: ['pg', 'pg-.*', 'postgrator'], home: '^server/platform/db/' },
  {
    libraries: ['sql-template-tag'],
    home: '^server/(platform/(db|telemetry)/|modules/[^/]+/([a-zA-Z]+S|s)tore\\.ts$)',
  },
  { libraries: ['fastify', '@fastify/.*'], home: '^server/platform/http/' },
  { libraries: ['socket\\.io'], home: '^server/platform/live/' },
  { libraries: ['socket\\.io-client'], home: '^web/live/' },
  { libraries: ['prom-client'], home: '^server/platform/(metrics|http)' },
  { libraries: ['@influxdata/.*'], home: '^server/platform/telemetry/influx/' },
  { libraries: ['aedes'], home: '^server/platform/broker/' },
  { libraries: ['mqtt'], home: '^(drivers/transports|server/platform/broker)/' },
  { libraries: ['modbus-serial', 'serialport', '@serialport/.*'], home: '^drivers/transports/' },
  { libraries: ['echarts'], home: '^web/charts/' },
  { libraries: ['hucre'], home: '^tests/support/workbook\\.ts$' },
  { libraries: ['nodemailer', 'web-push'], home: '^server/platform/notify/' },
  { libraries: ['pinyin-pro'], home: '^server/modules/accounts/initials\\.ts$' },
];

/**
 * Every file of a package.
 * @param {string} name
 */
const library = (name) => `^node_modules/${name}/`;

/** Each program with the files that are its own; what only tests reach is not alive. */
const PROGRAMS = [
  {
    main: 'server/main\\.ts',
    parts: '^(server|drivers/(core|codec|bus|transports|gateways))/',
    others: '^server/main\\.ts$|\\.d\\.ts$',
  },
  {
    main: 'drivers/simulator/main\\.ts',
    parts: '^drivers/simulator/',
    others: '^drivers/simulator/(main|faultCommand|faults/faultWords)\\.ts$',
  },
];

/** @param {string} name */
const modulesRightOf = (name) => MODULE_ORDER.slice(MODULE_ORDER.indexOf(name) + 1).join('|');

module.exports = {
  forbidden: [
    {
      name: 'core-imports-nothing',
      comment: 'drivers/core is vocabulary: types and tables that every folder may speak.',
      severity: 'error',
      from: { path: '^drivers/core/' },
      to: { pathNot: '^drivers/core/' },
    },
    {
      name: 'drivers-stand-alone',
      comment: 'Drivers know bytes and meters, nothing of the server or the screens.',
      severity: 'error',
      from: { path: '^drivers/' },
      to: { path: '^(server|web|tests|bin)/' },
    },
    {
      name: 'codec-and-bus-are-pure',
      comment: 'Codecs turn bytes into values and the bus decides who speaks when; sockets come in as parameters.',
      severity: 'error',
      // The registry of models reads its own folder, so that adding a meter is adding its file.
      from: { path: '^drivers/(codec|bus|models)/', pathNot: '^drivers/models/index\\.ts$' },
      to: { path: '^(drivers/(transports|gateways|simulator)/|(node:)?(net|tls|dgram|http|fs|child_process)$)' },
    },
    {
      name: 'models-are-tables',
      comment: 'A meter model is one declarative value: it needs the vocabulary and nothing else.',
      severity: 'error',
      from: { path: '^drivers/models/', pathNot: '^drivers/models/(index|faults|purseFaults)\\.ts$' },
      to: { pathNot: '^drivers/(core|models)/' },
    },
    {
      name: 'sockets-in-transports',
      comment: 'Only transports and the simulated plant open sockets.',
      severity: 'error',
      from: { path: '^drivers/', pathNot: '^drivers/(transports|simulator)/' },
      to: { path: '^(node:)?(net|tls|dgram)$' },
    },
    {
      name: 'simulator-not-in-drivers',
      comment: 'What reads meters must not know that some are simulated.',
      severity: 'error',
      from: { path: '^drivers/', pathNot: '^drivers/simulator/' },
      to: { path: '^drivers/simulator/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'Rules of the trade: themselves and the vocabulary, no library, no Node.',
      severity: 'error',
      from: { path: '^server/domain/' },
      to: { pathNot: '^(server/domain|drivers/core)/' },
    },
    {
      name: 'contract-is-shared',
      comment: 'What crosses the wire is read by the browser too: domain words, the vocabulary and TypeBox.',
      severity: 'error',
      from: { path: '^server/contract/' },
      to: { pathNot: '^(server/(contract|domain)|drivers/core)/|^node_modules/typebox/' },
    },
    {
      name: 'web-sees-the-contract-only',
      comment: 'The client shares words and routes with the server, never its code.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(server|drivers|tests|bin)/', pathNot: '^(server/(contract|domain)|drivers/core)/' },
    },
    {
      name: 'web-runs-in-browsers',
      comment: 'There is no Node behind a screen.',
      severity: 'error',
      from: { path: '^web/', pathNot: '^web/(vite\\.config|shellList)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'platform-knows-no-module',
      comment: 'Adapters serve modules; they must not know them.',
      severity: 'error',
      from: { path: '^server/platform/' },
      to: { path: '^server/(modules|acquisition)/|^server/main\\.ts$' },
    },
    {
      name: 'modules-have-one-door',
      comment:
        'A module uses another through its index.ts (or the types beside it), never its store, routes or service.',
      severity: 'error',
      from: { path: '^server/modules/([^/]+)/' },
      to: { path: '^server/modules/([^/]+)/', pathNot: '^server/modules/($1/|[^/]+/(index|types)\\.ts$)' },
    },
    {
      name: 'acquisition-uses-the-doors',
      comment: 'Acquisition is no module, but it enters modules by the same doors.',
      severity: 'error',
      from: { path: '^server/(acquisition/|main\\.ts$)' },
      to: { path: '^server/modules/', pathNot: '^server/modules/[^/]+/(index|types)\\.ts$' },
    },
    {
      name: 'modules-do-not-run-drivers',
      comment: 'Only acquisition runs lines; modules know models, words, and what a simulated plant says of itself.',
      severity: 'error',
      from: { path: '^server/modules/' },
      to: { path: '^drivers/', pathNot: '^drivers/((core|models)/|simulator/manifest\\.ts$)' },
    },
    {
      name: 'nobody-imports-main',
      comment: 'The composition root knows everybody and is known by nobody.',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { path: '^server/main\\.ts$' },
    },
    ...MODULE_ORDER.slice(0, -1).map((name) => ({
      name: `modules-import-to-the-left-${name}`,
      comment: `The order is ${MODULE_ORDER.join(' < ')}.`,
      severity: 'error',
      from: { path: `^server/modules/${name}/` },
      to: { path: `^server/modules/(${modulesRightOf(name)})/` },
    })),
    ...LIBRARY_HOMES.map(({ libraries, home }) => ({
      name: `home-of-${libraries[0].replace(/\W/g, '')}`,
      comment: `${libraries.join(', ')} is imported only under ${home}.`,
      severity: 'error',
      from: { path: '^(server|drivers|web)/', pathNot: home },
      to: { path: libraries.map(library).join('|') },
    })),
    {
      name: 'tests-stay-outside',
      comment: 'Nothing that ships depends on a test.',
      severity: 'error',
      from: { path: '^(server|drivers|web)/' },
      to: { path: '^tests/' },
    },
    {
      name: 'runtime-needs-dependencies-only',
      comment: 'What the server runs must be there after `npm ci --omit=dev`.',
      severity: 'error',
      from: { path: '^(server|drivers)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'] },
    },
    {
      name: 'known-packages-only',
      comment: 'A package that is not in package.json is there by accident.',
      severity: 'error',
      from: {},
      // The compiler's node types, which vue pins and does not export.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: '^node_modules/@vue/compiler-core/' },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      // Types behind an exports array of fallbacks, which TypeScript reads and this resolver does not.
      to: { couldNotResolve: true, pathNot: '^element-plus/es/locale$' },
    },
    {
      name: 'no-circles',
      comment: 'Files that need each other at run time are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...PROGRAMS.map(({ main, parts, others }) => ({
      name: `no-dead-files-${main.split('/')[0]}`,
      comment: `Whatever ${main} does not reach is dead, or another program that belongs into this list.`,
      severity: 'error',
      from: { path: `^${main}$` },
      to: { path: parts, pathNot: others, reachable: false },
    })),
    {
      name: 'no-dead-files-web',
      comment: 'A file of the client that none of its files imports is dead. Routes and catalogues are found by glob.',
      severity: 'error',
      module: {
        path: '^web/',
        pathNot: '^web/(app/main\\.ts$|vite\\.config\\.ts$|public/|features/[^/]+/(i18n|routes)\\.ts$)|\\.d\\.ts$',
        numberOfDependentsLessThan: 1,
      },
      from: { path: '^web/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(web/dist|data|coverage|\\.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.vue', '.mjs', '.js', '.d.ts'],
    },
  },
};
