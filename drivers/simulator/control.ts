import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseFaultRequest } from './faults/parseFault.ts';
import type { MeterInspection, Plant } from './plant.ts';

/** Longest body of a request; a fault takes some hundred bytes. */
const BODY_LIMIT_BYTES = 16_384;

/** The loopback address where faults are switched and meters looked into. */
export interface ControlServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Listens on 127.0.0.1 only: whoever reaches it may break the plant.
 * GET /faults · POST /faults · DELETE /faults/:id · GET /meters/:number
 */
export async function startControl(plant: Plant): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answerTo(plant, request).then(
      (answer) => send(response, answer),
      (error: unknown) =>
        send(response, { status: 500, body: { message: error instanceof Error ? error.message : 'failed' } }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the control server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerTo(plant: Plant, request: IncomingMessage): Promise<Answer> {
  const [, noun = '', name = '', ...rest] = (request.url ?? '').split('/').map(decodeURIComponent);
  const method = request.method ?? '';
  if (rest.length > 0) return problem(404, 'no such address');
  if (noun === 'meters' && method === 'GET' && name !== '') return meterAnswer(plant, name);
  if (noun !== 'faults') return problem(404, 'there are /faults and /meters/<number>');
  if (name === '' && method === 'GET') return { status: 200, body: plant.faults.list() };
  if (name === '' && method === 'POST') return setFault(plant, await readBody(request));
  if (name !== '' && method === 'DELETE') {
    return plant.faults.clear(Number(name))
      ? { status: 200, body: { cleared: Number(name) } }
      : problem(404, `no fault ${name}`);
  }
  return problem(405, `${method} is not for this address`);
}

function setFault(plant: Plant, text: string | undefined): Answer {
  if (text === undefined) return problem(413, `more than ${BODY_LIMIT_BYTES} bytes`);
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return problem(400, 'the body is no JSON');
  }
  const parsed = parseFaultRequest(input);
  if (!parsed.ok) return problem(400, parsed.message);
  try {
    return { status: 201, body: plant.faults.set(parsed.value) };
  } catch (error) {
    if (error instanceof RangeError) return problem(409, error.message);
    throw error;
  }
}

function meterAnswer(plant: Plant, meterNumber: string): Answer {
  const inspection = plant.meter(meterNumber);
  return inspection === undefined ? problem(404, `no meter ${meterNumber}`) : { status: 200, body: shown(inspection) };
}

/** The truth about a meter without its model's table. */
function shown({ model, image, ...inspection }: MeterInspection): unknown {
  const { values, balanceMinor, status } = image;
  return { ...inspection, modelId: model.id, values, balanceMinor, status };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function problem(status: number, message: string): Answer {
  return { status, body: { message } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = JSON.stringify(
    body,
    (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    2,
  );
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${text}\n`);
}
