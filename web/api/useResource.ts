import { onScopeDispose, type ShallowRef, shallowRef, type WatchSource, watch } from 'vue';

/** Something fetched for a page, with what is known while it is fetched again. */
export interface Resource<T> {
  /** The last good answer; a failed reload leaves it standing. */
  readonly data: Readonly<ShallowRef<T | undefined>>;
  /** Why the last attempt failed; undefined after a good one. */
  readonly error: Readonly<ShallowRef<unknown>>;
  readonly loading: Readonly<ShallowRef<boolean>>;
  /** Fetches again; an answer that is still under way is dropped. Never rejects. */
  reload(): Promise<void>;
  /** Takes a newer answer that came another way (a form, the live feed). */
  set(value: T): void;
}

export interface ResourceOptions {
  /** Fetch again when one of these changes; what was known is forgotten first unless `keep` is set. */
  readonly on?: WatchSource | readonly WatchSource[];
  readonly keep?: boolean;
  /** Fetch again so often while the page is visible, ms. */
  readonly everyMs?: number;
}

/** Fetches at once, on change and, if wanted, again and again; the newest question wins. Only inside setup functions. */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>, options: ResourceOptions = {}): Resource<T> {
  const data = shallowRef<T>();
  const error = shallowRef<unknown>();
  const loading = shallowRef(false);
  let asked: AbortController | undefined;

  async function reload(): Promise<void> {
    asked?.abort();
    const question = new AbortController();
    asked = question;
    loading.value = true;
    try {
      const answer = await load(question.signal);
      if (asked !== question) return;
      data.value = answer;
      error.value = undefined;
    } catch (cause) {
      if (asked === question) error.value = cause;
    } finally {
      if (asked === question) loading.value = false;
    }
  }

  if (options.on !== undefined) {
    const sources = typeof options.on === 'object' && Array.isArray(options.on) ? [...options.on] : [options.on];
    watch(sources, () => {
      if (options.keep !== true) data.value = undefined;
      void reload();
    });
  }
  const timer =
    options.everyMs === undefined
      ? undefined
      : setInterval(() => {
          if (!document.hidden && !loading.value) void reload();
        }, options.everyMs);
  onScopeDispose(() => {
    clearInterval(timer);
    asked?.abort();
    asked = undefined;
  });
  void reload();
  return { data, error, loading, reload, set: (value) => (data.value = value) };
}
