import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandError, EXIT } from '../terminal/exit.js';

export interface Login {
  token: string;
  email: string;
  expires_at: string;
}

/** Who is logged in where: `login` writes it, 0600 in a folder of 0700. */
interface Kept {
  /** the server that is meant where none is named */
  server?: string;
  logins: Record<string, Login>;
}

export interface Environment {
  server?: string;
  token?: string;
  configFile: string;
  /** https://no-color.org: any text but none */
  noColour: boolean;
  forceColour: boolean;
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const said = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const [server, token] = [said('PLADMED_SERVER'), said('PLADMED_TOKEN')];
  const folder = said('XDG_CONFIG_HOME') ?? join(said('HOME') ?? homedir(), '.config');
  return {
    ...(server !== undefined && { server }),
    ...(token !== undefined && { token }),
    configFile: join(folder, 'pladmed', 'login.json'),
    noColour: said('NO_COLOR') !== undefined,
    forceColour: said('FORCE_COLOR') !== undefined && said('FORCE_COLOR') !== '0',
  };
}

/** The tokens that `login` keeps, one for each server: none is ever sent to another one. */
export class Logins {
  constructor(private readonly file: string) {}

  async current(): Promise<string | undefined> {
    return (await this.read()).server;
  }

  async of(server: string): Promise<Login | undefined> {
    return (await this.read()).logins[server];
  }

  async keep(server: string, login: Login): Promise<void> {
    const { logins } = await this.read();
    await this.write({ server, logins: { ...logins, [server]: login } });
  }

  /** @returns whether there was one */
  async forget(server: string): Promise<boolean> {
    const kept = await this.read();
    const { [server]: found, ...others } = kept.logins;
    if (found === undefined) return false;
    if (Object.keys(others).length === 0) await rm(this.file, { force: true });
    else await this.write({ ...kept, logins: others });
    return true;
  }

  private async read(): Promise<Kept> {
    const text = await readFile(this.file, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new CommandError(`${this.file} cannot be read: ${(error as Error).message}`, EXIT.access);
    });
    if (text === undefined) return { logins: {} };
    const { mode } = await stat(this.file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new CommandError(
        `Others can read ${this.file}, which holds a token. Run: chmod 600 ${this.file}`,
        EXIT.access,
      );
    return parsed(text) ?? this.unreadable();
  }

  private unreadable(): never {
    throw new CommandError(
      `${this.file} is not what \`pladmed login\` writes. Remove it and log in again.`,
      EXIT.access,
    );
  }

  /** A file of its own first: one that is there half is never read. */
  private async write(kept: Kept): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    const part = `${this.file}.${process.pid}`;
    await writeFile(part, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    await chmod(part, 0o600);
    await rename(part, this.file);
  }
}

function parsed(text: string): Kept | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isKept(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isKept(value: unknown): value is Kept {
  return typeof value === 'object' && value !== null && 'logins' in value && typeof value.logins === 'object';
}

/** @returns the address without a slash at its end. @throws CommandError */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(`"${text}" is no server: it is like https://pladmed.example.org`, EXIT.usage);
  if (url.username !== '' || url.password !== '')
    throw new CommandError('A server has no name or password in its address: log in instead.', EXIT.usage);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
