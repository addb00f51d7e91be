import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NOTHING_THERE, refuse } from './errors.ts';

const YEAR_S = 31_536_000;
/** Never answered with the page: an unknown one of these is an error that a program must see. */
const NOT_PAGES = /^\/(api|live|healthz|metrics)(\/|\?|$)/;

/** Serves the built web client from `dir`: hashed assets for ever, the page itself never from a cache. */
export async function serveWebClient(app: FastifyInstance, dir: string): Promise<void> {
  if (!existsSync(join(dir, 'index.html'))) return;
  const assets = `${sep}assets${sep}`;
  await app.register(fastifyStatic, {
    root: dir,
    cacheControl: false,
    setHeaders(reply, path) {
      const hashed = path.includes(assets);
      void reply.header('cache-control', hashed ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
    },
  });
}

/** Answers what no route answered: the page for addresses of the client's own router, JSON for everything else. */
export function answerUnknown(dir: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const page = (request.method === 'GET' || request.method === 'HEAD') && !NOT_PAGES.test(request.url);
  // A name with an extension is a file that is not there, e.g. an asset of an older build.
  if (!page || /\.[a-z0-9]+$/i.test(request.url.split('?')[0] ?? '')) {
    return refuse(reply, 'not-found', NOTHING_THERE);
  }
  if (typeof reply.sendFile !== 'function') {
    return refuse(reply, 'not-found', `The web client is not built (${dir}): run "npm run build".`);
  }
  return reply.sendFile('index.html');
}
