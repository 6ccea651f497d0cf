import { text } from 'node:stream/consumers';
import { read } from 'read';
import { answered, apiOf } from '../api/client.js';
import { type Environment, Logins, serverUrl } from '../config/settings.js';
import { CommandError, EXIT } from '../terminal/exit.js';
import { time } from '../render/text.js';
import { type Terminal } from '../terminal/terminal.js';

export interface LoginOptions {
  email?: string;
  passwordStdin?: boolean;
  json?: boolean;
}

/** Gets a token for a server and keeps it; from then on that server is the one that is meant. */
export async function logIn(
  said: string | undefined,
  options: LoginOptions,
  environment: Environment,
  terminal: Terminal,
): Promise<void> {
  const logins = new Logins(environment.configFile);
  const server = serverUrl(
    said ?? environment.server ?? (await logins.current()) ?? (await asked('Server: ')),
  );
  const email = options.email ?? (await asked('E-mail: '));
  const password =
    options.passwordStdin === true ? await passwordFromStdin() : await asked('Password: ', true);
  const session = await answered(
    apiOf(server, undefined).POST('/api/v1/auth/login', { body: { email, password } }),
  );
  const { access_token: token, expires_at } = session;
  await logins.keep(server, { token, email, expires_at });
  if (options.json === true) await terminal.json({ server, email, expires_at });
  else
    terminal.say(
      `Logged in at ${server} until ${time(expires_at)}; the token is in ${environment.configFile}`,
    );
}

export async function logOut(
  said: string | undefined,
  environment: Environment,
  terminal: Terminal,
): Promise<void> {
  const logins = new Logins(environment.configFile);
  const server = said ?? environment.server ?? (await logins.current());
  if (server === undefined || !(await logins.forget(serverUrl(server))))
    throw new CommandError(`Nobody is logged in${server === undefined ? '' : ` at ${server}`}.`, EXIT.access);
  terminal.say(
    `The token of ${serverUrl(server)} is removed from this machine; it stays valid until it expires.`,
  );
}

async function passwordFromStdin(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

/** Asks the person; a password leaves no trace on the screen. */
async function asked(prompt: string, isSecret = false): Promise<string> {
  if (!process.stdin.isTTY)
    throw new CommandError(
      `There is nobody to ask for "${prompt.replace(/: $/, '')}": give SERVER, --email and --password-stdin.`,
      EXIT.usage,
    );
  try {
    return await read({ prompt, silent: isSecret, output: process.stderr });
  } catch {
    throw new CommandError('Not logged in.', EXIT.interrupted);
  }
}
