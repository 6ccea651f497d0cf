import { Logger } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { LRUCache } from 'lru-cache';
import { DEFAULT_TOTAL_CREDITS } from '@pladmed/protocol';
import { type Namespace, type Socket } from 'socket.io';
import { type z } from 'zod';
import { type ObjectId, parseId } from '../../../platform/database/object-id.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { checkIn, type Refusal, routeOf } from '../../../platform/sockets/check-in.js';
import { ArrivalsService } from '../../../core/delivery/index.js';
import {
  ConnectedProbes,
  ProbeConnectionsService,
  ProbeMeters,
  ProbeProtocols,
} from '../../../core/presence/index.js';
import { type Families, locationOf, placeOf, type ProbeEntity } from '../../../core/probes/index.js';
import { ProgressService } from '../../../core/progress/index.js';
import { type Awaited, RunAnswersService, ServerRunsService } from '../../../core/server-runs/index.js';
import { showsPrivateTarget } from '../../../measurement/formats/globalping.format.js';
import { PRIVATE_RESULT, problemOfResult } from '../../../measurement/formats/globalping.results.js';
import { GLOBALPING_KINDS, type GlobalpingMeasurement } from '../../../measurement/kinds/globalping-words.js';
import { GLOBALPING } from './globalping-capabilities.js';
import { GlobalpingLink, type GlobalpingOpen, type GlobalpingSocket } from './globalping-link.js';
import { globalpingRunWords } from './globalping-run-words.js';
import {
  type Acknowledge,
  familySupport,
  GLOBALPING_NAMESPACE,
  handshakeQuery,
  isSupported,
  probeStatus,
  progressMessage,
  REFUSALS,
  resolvers,
  resultMessage,
  statsReport,
  whyTooMuch,
} from './globalping.protocol.js';

/** Who was taken over from is kept out for so long: it would take over itself, every two seconds. */
const OUSTED_MS = 60_000;
const REMEMBERED_TESTS = 20_000;

/** The socket contract of Globalping probes: one delegation per message. */
@WebSocketGateway({ namespace: GLOBALPING_NAMESPACE })
export class GlobalpingGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<GlobalpingSocket> {
  private readonly logger = new Logger('globalping-gateway');
  private readonly links = new WeakMap<GlobalpingSocket, GlobalpingLink>();
  /** tests whose progress showed a private target: whatever their result says */
  private readonly privateTests = new LRUCache<string, true>({ max: REMEMBERED_TESTS });

  constructor(
    private readonly connections: ProbeConnectionsService,
    private readonly connected: ConnectedProbes,
    private readonly arrivals: ArrivalsService,
    private readonly meters: ProbeMeters,
    private readonly runs: ServerRunsService,
    private readonly answers: RunAnswersService,
    private readonly progress: ProgressService,
    protocols: ProbeProtocols,
  ) {
    protocols.register(GLOBALPING);
    answers.register(globalpingRunWords);
  }

  afterInit(namespace: Namespace): void {
    checkIn(namespace, {
      logger: this.logger,
      open: (socket) => this.open(socket),
      close: (open, reason) => this.connections.close(open, reason),
    });
  }

  async handleConnection(socket: GlobalpingSocket): Promise<void> {
    const { open } = socket.data;
    if (open === undefined) return;
    this.meters.watch(socket, open.probe._id);
    socket.use((event, next) => {
      const why = whyTooMuch(event);
      if (why === undefined) next();
      else this.complain(socket, event[0], why);
    });
    const link = new GlobalpingLink(socket, open, this.runs);
    this.links.set(socket, link);
    link.attach();
    socket.on('disconnect', () => {
      link.end();
      this.connected.remove(link);
    });
    const { location, adoption } = open.greeting;
    socket.emit('api:connect:isProxy', { isProxy: false });
    socket.emit('api:connect:location', location);
    socket.emit('api:connect:adoption', { message: adoption, adopted: true });
    await this.arrivals.welcome(link, () => socket.connected);
  }

  @SubscribeMessage('probe:status:update')
  noteStatus(@ConnectedSocket() socket: GlobalpingSocket, @MessageBody() message: unknown): void {
    const status = this.read(socket, 'probe:status:update', probeStatus, message);
    if (status === undefined) return;
    this.links.get(socket)?.noteStatus(status);
    this.noteState(socket, { status });
  }

  @SubscribeMessage('probe:isIPv4Supported:update')
  noteIpv4(@ConnectedSocket() socket: GlobalpingSocket, @MessageBody() message: unknown): void {
    const ipv4 = this.read(socket, 'probe:isIPv4Supported:update', familySupport, message);
    if (ipv4 === undefined) return;
    this.links.get(socket)?.noteFamily(4, ipv4);
    this.noteState(socket, { ipv4 });
  }

  @SubscribeMessage('probe:isIPv6Supported:update')
  noteIpv6(@ConnectedSocket() socket: GlobalpingSocket, @MessageBody() message: unknown): void {
    const ipv6 = this.read(socket, 'probe:isIPv6Supported:update', familySupport, message);
    if (ipv6 === undefined) return;
    this.links.get(socket)?.noteFamily(6, ipv6);
    this.noteState(socket, { ipv6 });
  }

  @SubscribeMessage('probe:dns:update')
  noteResolvers(@ConnectedSocket() socket: GlobalpingSocket, @MessageBody() message: unknown): void {
    const list = this.read(socket, 'probe:dns:update', resolvers, message);
    if (list !== undefined) this.noteState(socket, { resolvers: list });
  }

  @SubscribeMessage('probe:stats:report')
  noteStats(@ConnectedSocket() socket: GlobalpingSocket, @MessageBody() message: unknown): void {
    this.read(socket, 'probe:stats:report', statsReport, message);
  }

  @SubscribeMessage('probe:measurement:ack')
  async begin(@ConnectedSocket() socket: GlobalpingSocket, @Ack() start: unknown): Promise<void> {
    await this.links
      .get(socket)
      ?.acknowledge(typeof start === 'function' ? (start as Acknowledge) : undefined);
  }

  @SubscribeMessage('probe:measurement:progress')
  async takeProgress(
    @ConnectedSocket() socket: GlobalpingSocket,
    @MessageBody() message: unknown,
  ): Promise<void> {
    const read = this.read(socket, 'probe:measurement:progress', progressMessage, message);
    const probe = socket.data.open?.probe._id;
    if (read === undefined || probe === undefined) return;
    const awaited = await this.awaited(probe, read.measurementId, read.testId);
    if (awaited === undefined) return;
    const { testId, overwrite, result } = read;
    const test = `${read.measurementId}.${testId}`;
    const { type } = awaited.request as GlobalpingMeasurement;
    if (showsPrivateTarget(type, result)) this.privateTests.set(test, true);
    if (this.privateTests.has(test)) return;
    this.answers.noteOutput(awaited, testId, result.rawOutput, overwrite);
    const isWanted = awaited.job.progressOf?.some((each) => each.equals(probe)) === true;
    if (!isWanted) return;
    const operation = awaited.job.operation.toHexString();
    this.progress.report({ operation, probe: probe.toHexString(), test: testId, overwrite, result });
  }

  /** What it does not get rid of here is lost: it sends no result twice. */
  @SubscribeMessage('probe:measurement:result')
  async takeResult(
    @ConnectedSocket() socket: GlobalpingSocket,
    @MessageBody() message: unknown,
  ): Promise<void> {
    const event = 'probe:measurement:result';
    const read = this.read(socket, event, resultMessage, message);
    const probe = socket.data.open?.probe._id;
    if (read === undefined || probe === undefined) return;
    const awaited = await this.awaited(probe, read.measurementId, read.testId);
    if (awaited === undefined) {
      this.complain(socket, event, 'is of no run that it is asked for');
      return;
    }
    const measurement = awaited.request as GlobalpingMeasurement;
    const problem = problemOfResult(measurement, read.result);
    if (problem !== undefined) {
      this.complain(socket, event, `result.${problem}`);
      return;
    }
    const test = `${read.measurementId}.${read.testId}`;
    const isPrivate = this.privateTests.has(test) || showsPrivateTarget(measurement.type, read.result);
    await this.answers.answer(awaited, read.testId, isPrivate ? PRIVATE_RESULT : read.result);
    this.privateTests.delete(test);
  }

  @SubscribeMessage('probe:alt-ips')
  takeAddresses(): { addedAltIps: []; rejectedIpsToReasons: object } {
    return { addedAltIps: [], rejectedIpsToReasons: {} };
  }

  @SubscribeMessage('probe:logs')
  takeLogs(): 'success' {
    return 'success';
  }

  /** Of hardware that nobody has adopted: here every probe has an owner. */
  @SubscribeMessage('probe:adoption:ready')
  ignore(): void {
    return;
  }

  private async open(socket: Socket): Promise<GlobalpingOpen | Refusal> {
    const read = handshakeQuery.safeParse(socket.handshake.query);
    if (!read.success) return { code: 'invalid_handshake', message: REFUSALS.noToken };
    const { version, uuid, adoptionToken } = read.data;
    if (!isSupported(version)) return { code: 'unsupported_version', message: REFUSALS.version };
    try {
      const before = await this.connections.probeOf(adoptionToken);
      if (isOusted(before?.connection, uuid)) return { code: 'taken_over', message: REFUSALS.otherUsesIt };
      const details = {
        ...{ protocol: GLOBALPING.label, total_credits: DEFAULT_TOTAL_CREDITS, in_use_credits: 0 },
        ...{ version, kinds: [...GLOBALPING_KINDS], instance: uuid, status: 'initializing' },
        ...{ families: familiesOf(before), route: routeOf(socket) },
      };
      const open = await this.connections.open(adoptionToken, details);
      if (open === undefined || before === undefined)
        return { code: 'invalid_token', message: REFUSALS.noToken };
      return { ...open, greeting: { location: placeAt(before), adoption: adoptionOf(before) } };
    } catch (error) {
      return this.refusalOf(error);
    }
  }

  private refusalOf(error: unknown): Refusal {
    if (error instanceof DomainError) {
      const { code, message } = error;
      if (code === 'shutting_down') return { code, message: REFUSALS.ending };
      return { code, message: REFUSALS.suspended(message) };
    }
    this.logger.error({ err: error }, 'a handshake failed');
    return { code: 'unavailable', message: REFUSALS.unavailable };
  }

  private async awaited(probe: ObjectId, run: string, place: number): Promise<Awaited | undefined> {
    const id = parseId(run);
    return id && this.answers.awaited(probe, id, place);
  }

  private noteState(
    socket: GlobalpingSocket,
    state: Parameters<ProbeConnectionsService['noteState']>[1],
  ): void {
    const { open } = socket.data;
    if (open === undefined) return;
    this.connections.noteState(open, state).catch((error: unknown) => {
      this.logger.warn(
        { err: error, probe_id: String(open.probe._id) },
        'what a probe says of itself was not noted',
      );
    });
  }

  /** @returns undefined where a message is not what it should be: it is dropped, and the log says so */
  private read<Schema extends z.ZodType>(
    socket: GlobalpingSocket,
    event: string,
    schema: Schema,
    message: unknown,
  ): z.output<Schema> | undefined {
    const read = schema.safeParse(message);
    if (read.success) return read.data;
    const issue = read.error.issues[0];
    this.complain(socket, event, `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim());
    return undefined;
  }

  private complain(socket: GlobalpingSocket, event: string, why: string): void {
    const probe = socket.data.open?.probe._id;
    // the name of an event is a probe's text as well
    this.logger.warn({ probe_id: String(probe), event: event.slice(0, 64), why }, 'a message was dropped');
  }
}

/** Whether this start of the program was taken over from just now, by another that uses the same token and is here. */
function isOusted(connection: ProbeEntity['connection'], uuid: string): boolean {
  if (connection?.ousted === undefined || connection.instance === uuid) return false;
  const { instance, at } = connection.ousted;
  return instance === uuid && Date.now() - at.getTime() < OUSTED_MS;
}

/** After a reconnection it says that it is ready at once, and of its address families only when it has tried them again. */
function familiesOf(before: Pick<ProbeEntity, 'capabilities'> | undefined): Families {
  const { protocol, ipv4, ipv6 } = before?.capabilities ?? {};
  return protocol === GLOBALPING.label ? { ipv4, ipv6 } : {};
}

/** What is not known is empty; its owner has said where it is. */
function placeAt(probe: ProbeEntity): Record<string, unknown> {
  const { longitude, latitude } = locationOf(probe);
  return { ...placeOf(probe), latitude, longitude };
}

function adoptionOf({ _id, name }: ProbeEntity): string {
  return `This probe is ${name === undefined ? '' : `"${name}", `}probe ${_id.toHexString()} of a Pladmed server, and belongs to the account that has registered it; the server's dashboard shows it at /probes/${_id.toHexString()}`;
}
