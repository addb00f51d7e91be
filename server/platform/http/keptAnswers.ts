import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Low: the bytes wait for nobody, but the first who asks waits for them. */
const LEVEL = 4;
const compressors = {
  br: (bytes: Buffer): Promise<Buffer> =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: LEVEL, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gzip: (bytes: Buffer): Promise<Buffer> => promisify(gzip)(bytes, { level: LEVEL }),
  identity: async (bytes: Buffer): Promise<Buffer> => bytes,
} as const;
type Encoding = keyof typeof compressors;

/** Answers that are given again as the same object, with their bytes: they live as long as whoever keeps the object. */
const kept = new WeakMap<object, Map<Encoding, Promise<Buffer>>>();

/** Says that `answer` never changes and will be given again: it is written and compressed once, not for each who asks. */
export function keepAnswer<Answer extends object>(answer: Answer): Answer {
  if (!kept.has(answer)) kept.set(answer, new Map());
  return answer;
}

/** Sends a kept answer as its bytes; undefined for one that is not kept. */
export async function sendKept(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: unknown,
): Promise<FastifyReply | undefined> {
  const forms = typeof answer === 'object' && answer !== null ? kept.get(answer) : undefined;
  if (forms === undefined) return undefined;
  const encoding = encodingFor(request.headers['accept-encoding']);
  const made = forms.get(encoding) ?? compressors[encoding](Buffer.from(JSON.stringify(answer)));
  forms.set(encoding, made);
  made.catch(() => forms.delete(encoding));
  const bytes = await made;
  void reply.header('vary', 'accept-encoding');
  if (encoding !== 'identity') void reply.header('content-encoding', encoding);
  return reply.type('application/json; charset=utf-8').send(bytes);
}

/** Brotli, else gzip, where the header names it without refusing it (RFC 9110, 12.5.3); the header of browsers is simple. */
export function encodingFor(accepted: string | undefined): Encoding {
  const named = (accepted ?? '').split(',').map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/),
  );
  const takes = (name: string) => named.some(([one, weight]) => one === name && !/^q=0(\.0*)?$/.test(weight ?? ''));
  if (takes('br')) return 'br';
  return takes('gzip') ? 'gzip' : 'identity';
}
