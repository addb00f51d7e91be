import { importAltered } from './altered.ts';

/** A guard that is a function, what stands in its place when it is switched off, and the law that must notice. */
interface Attack<Module> {
  readonly guard: string;
  readonly off: string;
  readonly law: (module: Module) => void;
}

export interface SourceGuard {
  readonly name: string;
  /** The law over the source as it stands; throws where it does not hold. */
  readonly holds: () => void;
  /** Why the law does not hold without the guard: the name of the error; undefined where it does. */
  readonly misses: () => Promise<string | undefined>;
}

/** By the source that they stand in. */
export const SOURCE_GUARDS = new Map<string, readonly SourceGuard[]>();

/** Adds the guards of one source, with what the program has of it. */
export function guards<Module>(file: string, sound: Module, table: Readonly<Record<string, Attack<Module>>>): void {
  SOURCE_GUARDS.set(file, [
    ...(SOURCE_GUARDS.get(file) ?? []),
    ...Object.entries(table).map(([name, { guard, off, law }]) => ({
      name,
      holds: () => law(sound),
      async misses() {
        const broken = await importAltered<Module>({ file, guard, off });
        try {
          law(broken);
        } catch (error) {
          return error instanceof Error ? error.name : String(error);
        }
        return undefined;
      },
    })),
  ]);
}
