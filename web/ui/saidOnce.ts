/**
 * Parts of a place with its name, each said once: from "Tower A" and "Tower A lifts" become "Tower A" and "lifts", from
 * "3F" and "3F-27" becomes "3F-27". What is empty or was said before goes. Pure.
 */
export function saidOnce(parts: readonly string[]): readonly string[] {
  const said: string[] = [];
  for (const part of parts.map((one) => one.trim())) {
    const before = said.findLast((one) => continues(one, part));
    if (before === undefined) {
      if (part !== '' && !said.includes(part)) said.push(part);
      continue;
    }
    const rest = part.slice(before.length);
    if (IS_WORD.test(rest)) {
      if (!said.includes(rest.trim())) said.push(rest.trim());
      continue;
    }
    // "3F-27" is one word: the floor is said in it.
    if (rest !== '') said.splice(said.indexOf(before), 1, part);
  }
  return said;
}

/** Rests that stand by themselves: after a space, or a word of a script that writes none. */
const IS_WORD = /^(\s|\p{Script=Han})/u;

/** Whether `part` begins with all of `start`, and not only with some of its letters ("Block 1", "Block 10"). */
function continues(start: string, part: string): boolean {
  return (
    part.startsWith(start) &&
    !(/[\p{L}\p{N}]$/u.test(start) && /^(?!\p{Script=Han})[\p{L}\p{N}]/u.test(part.slice(start.length)))
  );
}

/** The parts as one name. */
export const placeName = (...parts: readonly (string | undefined)[]): string =>
  saidOnce(parts.map((part) => part ?? '')).join(' ');
