import { CommanderError } from 'commander';
import { readEnvironment } from './config/settings.js';
import { CommandError, EXIT } from './terminal/exit.js';
import { reasonOf } from './api/client.js';
import { programOf } from './program.js';
import { Terminal } from './terminal/terminal.js';

// who reads may leave (`| head`): that is no error of anybody
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

const environment = readEnvironment();
const terminal = new Terminal(process.stdout, process.stderr, {
  force: environment.forceColour,
  none: environment.noColour,
});
const program = programOf(environment, terminal, (code) => {
  process.exitCode = code;
});

try {
  await program.parseAsync();
} catch (error) {
  terminal.progress('');
  process.exitCode = told(error);
}

/** Says what went wrong. @returns what the process ends with */
function told(error: unknown): number {
  // commander has said it already
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandError) {
    terminal.say(`pladmed: ${error.message}`, ...error.details);
    return error.exitCode;
  }
  terminal.say(`pladmed: ${reasonOf(error)}`);
  return EXIT.server;
}
