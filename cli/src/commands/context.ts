import { type Api, apiOf, answered } from '../api/client.js';
import { type Environment, Logins, serverUrl } from '../config/settings.js';
import { CommandError, EXIT } from '../terminal/exit.js';
import { type Terminal } from '../terminal/terminal.js';

export interface CommonOptions {
  server?: string;
  json?: boolean;
}

/** What every command has: a server, who asks, and where to write. */
export class Context {
  private readonly names = new Map<string, Promise<string>>();

  private constructor(
    readonly server: string,
    readonly token: string | undefined,
    readonly api: Api,
    readonly terminal: Terminal,
    readonly asJson: boolean,
  ) {}

  /** @throws CommandError where no server is known, or nobody is logged in there */
  static async of(options: CommonOptions, environment: Environment, terminal: Terminal): Promise<Context> {
    const logins = new Logins(environment.configFile);
    const said = options.server ?? environment.server ?? (await logins.current());
    if (said === undefined)
      throw new CommandError(
        'Which server? Log in (pladmed login SERVER), or set PLADMED_SERVER.',
        EXIT.usage,
      );
    const server = serverUrl(said);
    const token = environment.token ?? (await logins.of(server))?.token;
    if (token === undefined)
      throw new CommandError(`Nobody is logged in at ${server}. Run: pladmed login ${server}`, EXIT.access);
    return new Context(server, token, apiOf(server, token), terminal, options.json === true);
  }

  /** A probe as people know it: by its name, or by its id. */
  nameOf(probeId: string): Promise<string> {
    const known = this.names.get(probeId);
    if (known !== undefined) return known;
    const asked = answered(this.api.GET('/api/v1/probes/{id}', { params: { path: { id: probeId } } })).then(
      ({ name }) => name ?? probeId,
      () => probeId,
    );
    this.names.set(probeId, asked);
    return asked;
  }
}
