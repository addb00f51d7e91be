export { addExportRoutes } from './routes.ts';
