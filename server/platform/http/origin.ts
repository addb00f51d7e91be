import type { IncomingHttpHeaders } from 'node:http';

/**
 * May this browser change something here? A page of another origin may not (cross-site request forgery); programs
 * send no Origin and may. The session cookie is SameSite=Strict besides; this covers old browsers and sibling sites.
 */
export function originAllowed(headers: IncomingHttpHeaders, publicOrigin: string | undefined): boolean {
  const { origin, host } = headers;
  if (headers['sec-fetch-site'] === 'cross-site') return false;
  if (origin === undefined) return true;
  if (origin === publicOrigin) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
