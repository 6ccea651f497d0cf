import { Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Namespace, type Server } from 'socket.io';
import { parseId } from '../../../platform/database/object-id.js';
import { checkIn, routeOf } from '../../../platform/sockets/check-in.js';
import { takeMessages } from '../../../platform/sockets/messages.js';
import { ArrivalsService } from '../../../core/delivery/index.js';
import {
  ConnectedProbes,
  type OpenConnection,
  ProbeConnectionsService,
  ProbeMeters,
  ProbeProtocols,
} from '../../../core/presence/index.js';
import { MAX_CREDITS } from '../../../core/probes/index.js';
import { type Acceptance, type ResultReport, IngestService } from '../../../core/ingest/index.js';
import { CLASSIC, CLASSIC_CAPABILITIES } from './classic-capabilities.js';
import { ClassicLink, type ClassicSocket } from './classic-link.js';
import { ClassicPatience } from './classic-patience.js';
import { creditsHeader, type CreditsHeader, creditsMessage, resultsMessage } from './classic.protocol.js';

/** The socket contract of fielded probes: one delegation per message. */
@WebSocketGateway({ namespace: '/' })
export class ClassicGateway implements OnGatewayInit<Server | Namespace>, OnGatewayConnection<ClassicSocket> {
  private readonly logger = new Logger('classic-gateway');

  constructor(
    private readonly connections: ProbeConnectionsService,
    private readonly connected: ConnectedProbes,
    private readonly arrivals: ArrivalsService,
    private readonly results: IngestService,
    private readonly meters: ProbeMeters,
    private readonly patience: ClassicPatience,
    protocols: ProbeProtocols,
  ) {
    protocols.register(CLASSIC);
  }

  afterInit(server: Server | Namespace): void {
    const namespace = 'of' in server ? server.of('/') : server;
    checkIn(namespace, {
      logger: this.logger,
      open: async (socket) => {
        const { query, headers } = socket.handshake;
        const total = creditsHeader(headers['total_credits'] ?? headers['total-credits']);
        const inUse = creditsHeader(headers['in_use_credits'] ?? headers['in-use-credits']);
        const details = {
          protocol: CLASSIC.label,
          total_credits: total.credits,
          in_use_credits: inUse.credits,
          kinds: [...CLASSIC_CAPABILITIES.kinds],
          // the protocol has no word for families: what these probes measure goes over IPv4
          families: { ipv4: true },
          route: routeOf(socket),
        };
        const open = await this.connections.open(query['token'], details);
        if (open === undefined) return { code: 'invalid_token', message: 'Invalid token' };
        this.complain(open, 'total_credits', total);
        this.complain(open, 'in_use_credits', inUse);
        return open;
      },
      close: (open, reason) => this.connections.close(open, reason),
    });
  }

  async handleConnection(socket: ClassicSocket): Promise<void> {
    takeMessages(socket, 'results', this.logger, (message) => this.takeResults(socket, message));
    const { open } = socket.data;
    if (open === undefined) return;
    this.meters.watch(socket, open.probe._id);
    const link = new ClassicLink(socket, open);
    socket.on('disconnect', () => {
      this.connected.remove(link);
    });
    await this.arrivals.welcome(link, () => socket.connected);
  }

  @SubscribeMessage('new_operation')
  async operationBegun(@ConnectedSocket() socket: ClassicSocket, @MessageBody() message: unknown) {
    return this.changeInUseCredits(socket, message, 1);
  }

  @SubscribeMessage('finish_operation')
  async operationFinished(@ConnectedSocket() socket: ClassicSocket, @MessageBody() message: unknown) {
    return this.changeInUseCredits(socket, message, -1);
  }

  /**
   * @returns the operation's id: durable, or never storable, so the probe may delete its copy. Nothing (no acknowledgement):
   *   it must keep it and send it again. An error where the message names no operation.
   */
  private async takeResults(socket: ClassicSocket, message: unknown) {
    const { open } = socket.data;
    if (open === undefined) return undefined;
    const operationId = namedOperation(message);
    if (operationId === undefined) return badMessage('operation_id must be a string');
    const parsed = resultsMessage.safeParse(message);
    const probe = open.probe._id;
    if (!parsed.success) {
      const why = parsed.error.issues[0];
      this.logger.warn(
        {
          probe_id: String(probe),
          operation_id: operationId.slice(0, 64),
          field: why?.path.join('.'),
          why: why?.message,
        },
        'a result that can never be stored was thrown away',
      );
      return operationId;
    }
    const { content, unique_code: uniqueCode, format } = parsed.data;
    try {
      const operation = parseId(operationId);
      const answer = await this.accept({ operation, probe, uniqueCode, format, content });
      return answer === undefined ? undefined : operationId;
    } catch (error) {
      this.logger.error(
        { err: error, probe_id: String(probe), operation_id: operationId },
        'a result was not stored',
      );
      return undefined;
    }
  }

  /** @returns undefined when there was no room for it for a long time: the probe keeps it */
  private accept(report: ResultReport): Promise<Acceptance | undefined> {
    return this.patience.keepTrying(report.probe, report.content.length, async () => {
      const acceptance = await this.results.accept(report);
      return acceptance.status === 'busy' ? acceptance.retryAfterMs : acceptance;
    });
  }

  private complain({ probe }: OpenConnection, header: string, { complaint }: CreditsHeader): void {
    if (complaint === undefined) return;
    this.logger.warn(
      { probe_id: String(probe._id) },
      `the header ${header} ${complaint}; a proxy may drop names with underscores (nginx: underscores_in_headers on)`,
    );
  }

  private async changeInUseCredits(socket: ClassicSocket, message: unknown, sign: 1 | -1) {
    const parsed = creditsMessage.safeParse(message);
    if (!parsed.success) return badMessage(`credits must be a whole number from 0 to ${MAX_CREDITS}`);
    const { open } = socket.data;
    if (open === undefined) return { ok: true };
    return this.patience.keepTrying(open.probe._id, 0, async () => {
      await this.connections.addInUseCredits(open, sign * parsed.data.credits);
      return { ok: true };
    });
  }
}

function namedOperation(message: unknown): string | undefined {
  const id = (message as { operation_id?: unknown } | null | undefined)?.operation_id;
  return typeof id === 'string' ? id : undefined;
}

function badMessage(message: string) {
  return { error: { code: 'invalid_request', message } };
}
