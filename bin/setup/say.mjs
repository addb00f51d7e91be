/** Something that a person must put right; printed without a stack. */
export class SetupError extends Error {}

/** Tells the person at the terminal. stderr: stdout belongs to the program that runs next. */
export function say(text) {
  process.stderr.write(`meterwall: ${text}\n`);
}
