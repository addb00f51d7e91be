import { useI18n } from 'vue-i18n';

/** Why a sale stands where it stands, in words; a cause that the catalogue does not know is shown as it is. */
export function useCauseText(): (cause: string | undefined) => string {
  const { t, te } = useI18n();
  return (cause) => {
    if (cause === undefined) return t('desk.cause.none');
    const key = `desk.cause.${cause}`;
    return te(key) || te(key, 'en') ? t(key) : t('desk.cause.other', { cause });
  };
}
