import { commandOf, FAULT_HELP } from './faults/faultWords.ts';

/**
 * Switches faults of a running plant from a shell:
 *   node drivers/simulator/faultCommand.ts <controlUrl> gateway-down GW-M1 --for 60
 * Ends with 1 and a sentence when the plant refuses or the words make no sense.
 */
const [controlUrl = '', ...words] = process.argv.slice(2);
const command = URL.canParse(controlUrl) ? commandOf(words) : commandOf(['help']);

switch (command.kind) {
  case 'help':
    process.stdout.write(`node drivers/simulator/faultCommand.ts <controlUrl> <command>\n${FAULT_HELP}`);
    process.exitCode = words.length > 0 || controlUrl === 'help' ? 0 : 1;
    break;
  case 'wrong':
    process.stderr.write(`${command.message}\n`);
    process.exitCode = 1;
    break;
  case 'request': {
    const { method, path, body } = command;
    const response = await fetch(new URL(path, controlUrl), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    (response.ok ? process.stdout : process.stderr).write(await response.text());
    process.exitCode = response.ok ? 0 : 1;
  }
}
