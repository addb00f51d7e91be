export { cursorId, PAGE_ROWS, toPage } from './cursor.ts';
export { addHealth } from './health.ts';
export { createHttp, type Http } from './http.ts';
export { keepAnswer } from './keptAnswers.ts';
export { originAllowed } from './origin.ts';
export { SESSION_COOKIE, sessionCookie } from './routeServer.ts';
export { scopeCovers, scopeIsEmpty } from './scope.ts';
export { type Actor, AppError, type Call, type FileAnswer, type RouteServer, type Scope } from './types.ts';
