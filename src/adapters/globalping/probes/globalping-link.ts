import { type Socket } from 'socket.io';
import {
  type DeliveryAnswer,
  type Job,
  type OpenConnection,
  type ProbeLink,
} from '../../../core/presence/index.js';
import {
  type Ask,
  type AskedProbe,
  type AskOutcome,
  type ServerRunsService,
} from '../../../core/server-runs/index.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import {
  type GlobalpingMeasurement,
  inGlobalpingWords,
} from '../../../measurement/kinds/globalping-words.js';
import { GLOBALPING, GLOBALPING_CAPABILITIES } from './globalping-capabilities.js';
import {
  type Acknowledge,
  type GlobalpingProbeToServer,
  type ProbeStatusWord,
  READY,
  type ServerToGlobalpingProbe,
} from './globalping.protocol.js';

/** A request without its acknowledgement by then was dropped, without a word. */
const ACKNOWLEDGE_MS = 5000;
/** How often a request is sent before those behind it have their turn. */
const MOST_ATTEMPTS = 3;
/** After an acknowledgement that may be of an earlier request its own may follow, and is nobody's. */
const SETTLE_MS = 1000;

/** What a probe is told first: until it knows where it is it drops every request. */
export interface Greeting {
  location: Record<string, unknown>;
  adoption: string;
}

export type GlobalpingOpen = OpenConnection & { greeting: Greeting };

export type GlobalpingSocket = Socket<
  GlobalpingProbeToServer,
  ServerToGlobalpingProbe,
  Record<string, never>,
  { open?: GlobalpingOpen }
>;

interface Asking {
  ask: Ask;
  begin: () => Promise<boolean>;
  isDue: () => boolean;
  settle: (outcome: AskOutcome) => void;
  /** how often it was sent */
  attempts: number;
}

/** A Globalping probe: the server keeps what it has to do, and asks it for each run. */
export class GlobalpingLink implements ProbeLink, AskedProbe {
  readonly protocol = GLOBALPING.label;
  readonly capabilities = GLOBALPING_CAPABILITIES;
  readonly probe: ObjectId;
  readonly session: ObjectId;
  readonly version: string | undefined;
  status: ProbeStatusWord | undefined;
  private readonly families: Record<4 | 6, boolean>;
  /** what comes now may be of a request before */
  private isSettling = false;
  private readonly waiting: Asking[] = [];
  /** whose acknowledgement is awaited */
  private current: (Asking & { timer: NodeJS.Timeout }) | undefined;
  /** requests that were not acknowledged in time, and may be still */
  private unanswered = 0;
  private gone = false;
  private detach: () => void = () => undefined;

  constructor(
    private readonly socket: GlobalpingSocket,
    { probe, session }: OpenConnection,
    private readonly runs: ServerRunsService,
  ) {
    this.probe = probe._id;
    this.session = session;
    this.version = probe.connection?.version;
    this.families = { 4: probe.families?.ipv4 === true, 6: probe.families?.ipv6 === true };
  }

  attach(): void {
    this.detach = this.runs.attach(this, this);
  }

  // eslint-disable-next-line typescript/require-await -- others wait for their probes
  async *deliver(jobs: readonly Job[]): AsyncGenerator<DeliveryAnswer[], void> {
    yield jobs.map((job): DeliveryAnswer => {
      const words = inGlobalpingWords(job);
      if (typeof words === 'string') return { outcome: 'refused', reason: words, isUntold: true };
      this.runs.hold(this, job);
      return { outcome: 'accepted' };
    });
  }

  expect(job: Job, stored: Promise<boolean>): void {
    if (typeof inGlobalpingWords(job) !== 'string') this.runs.hold(this, job, stored);
  }

  stop(operation: ObjectId): void {
    this.runs.drop(this, operation);
  }

  /** It comes back by itself, 2 s after the server has ended its connection. */
  askToReconnect(): void {
    return;
  }

  close(): void {
    this.socket.disconnect(true);
  }

  /** Its socket has ended. */
  end(): void {
    this.gone = true;
    this.detach();
    const { current } = this;
    this.current = undefined;
    if (current !== undefined) clearTimeout(current.timer);
    for (const { settle } of [...(current ? [current] : []), ...this.waiting.splice(0)]) settle('gone');
  }

  noteStatus(status: ProbeStatusWord): void {
    this.status = status;
    if (status === READY) this.runs.becameReady(this);
  }

  noteFamily(family: 4 | 6, isSupported: boolean): void {
    this.families[family] = isSupported;
    if (isSupported) this.runs.becameReady(this);
  }

  isReady(requests: readonly unknown[]): boolean {
    if (this.gone || this.status !== READY) return false;
    return requests.every((request) => this.families[(request as GlobalpingMeasurement).ipVersion]);
  }

  ask(ask: Ask, begin: () => Promise<boolean>, isDue: () => boolean): Promise<AskOutcome> {
    if (this.gone) return Promise.resolve('gone');
    return new Promise((settle) => {
      this.waiting.push({ ask, begin, isDue, settle, attempts: 0 });
      this.next();
    });
  }

  /** The probe has a request. @param start makes it begin */
  async acknowledge(start: Acknowledge | undefined): Promise<void> {
    const { current } = this;
    // of a connection before, or of a request that was sent again
    if (current === undefined || start === undefined) return;
    this.current = undefined;
    clearTimeout(current.timer);
    const isDoubtful = this.unanswered > 0;
    this.unanswered = 0;
    // the next one does not wait until this one may begin
    if (isDoubtful) this.settle();
    else this.next();
    const mayBegin = await current.begin();
    if (mayBegin) start();
    current.settle(mayBegin ? 'begun' : 'not_begun');
  }

  /** It was not acknowledged in time. */
  private giveUp(asking: Asking): void {
    this.current = undefined;
    this.unanswered += 1;
    // itself, and no other: a late acknowledgement would let that one begin, and be of this one
    if (asking.attempts < MOST_ATTEMPTS) this.waiting.unshift(asking);
    else asking.settle('silent');
    this.next();
  }

  private settle(): void {
    this.isSettling = true;
    setTimeout(() => {
      afterWhatIsHere(() => {
        this.isSettling = false;
        this.next();
      });
    }, SETTLE_MS).unref();
  }

  /** One request at a time: acknowledgements do not say whose they are. */
  private next(): void {
    if (this.current !== undefined || this.isSettling || this.gone) return;
    const asking = this.waiting.shift();
    if (asking === undefined) return;
    if (!asking.isDue() || this.status !== READY) {
      asking.settle('not_begun');
      this.next();
      return;
    }
    asking.attempts += 1;
    const timer = setTimeout(() => {
      afterWhatIsHere(() => {
        if (this.current === current) this.giveUp(current);
      });
    }, ACKNOWLEDGE_MS).unref();
    const current = { ...asking, timer };
    this.current = current;
    const { run, place, request, progress } = asking.ask;
    const measurement = request as GlobalpingMeasurement;
    this.socket.emit('probe:measurement:request', {
      measurementId: run,
      testId: String(place),
      measurement: { ...measurement, inProgressUpdates: measurement.inProgressUpdates || progress },
    });
  }
}

/**
 * Of a server that could not look for a while timers fire before it reads what came meanwhile: an acknowledgement that is here already
 * would be taken for none, or for that of another request.
 */
function afterWhatIsHere(work: () => void): void {
  setImmediate(() => {
    setImmediate(work);
  });
}
