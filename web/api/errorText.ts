import { useI18n } from 'vue-i18n';
import { ApiError } from './client.ts';

/** Words for any failure, in the language of the screen; the server's own sentence where the catalogue has none. */
export function useErrorText(): (error: unknown) => string {
  const { t, te } = useI18n();
  return (error) => {
    if (!(error instanceof ApiError)) return t('error.unknown');
    const key = `error.${error.code}`;
    const text = te(key) || te(key, 'en') ? t(key) : error.message;
    return error.errorId === undefined ? text : `${text} ${t('error.id', { id: error.errorId })}`;
  };
}
