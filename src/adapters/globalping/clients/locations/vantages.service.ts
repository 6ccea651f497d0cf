import { Injectable } from '@nestjs/common';
import { locationOf, type Place, placeOf, type ProbeEntity } from '../../../../core/probes/index.js';
import { GLOBALPING_PROTOCOL } from '../../../../measurement/kinds/globalping-words.js';
import { ProbeProtocols, RosterService } from '../../../../core/presence/index.js';
import { type Indexed, indexed, type Vocabulary, vocabularyOf } from './magic.js';
import { type Vantage } from './vantage.js';

/** A probe that is there, as Globalping's clients are shown it. */
export interface VantagePoint extends Vantage {
  probe: ProbeEntity;
  shown: ShownProbe;
}

export interface ShownProbe extends Place, Record<string, unknown> {
  latitude: number;
  longitude: number;
  tags: string[];
  resolvers: string[];
}

/** All vantage points, and the names by which they are looked for. */
export interface Vantages {
  points: readonly Indexed<VantagePoint>[];
  vocabulary: Vocabulary;
}

/** What a probe has to be able to do. */
export interface Needs {
  kind: string;
  ipVersion: 4 | 6;
  /** it can be measured with the parameters of native probes */
  isNative: boolean;
}

const READY = 'ready';

/** The probes that may be asked, in memory: made of the roster when that changes. */
@Injectable()
export class VantagesService {
  private revision = -1;
  private vantages: Vantages = { points: [], vocabulary: [] };
  /** of probes that did not change: their names cost more than to look for them */
  private readonly known = new WeakMap<ProbeEntity, Indexed<VantagePoint>>();

  constructor(
    private readonly roster: RosterService,
    private readonly protocols: ProbeProtocols,
  ) {}

  async all(): Promise<Vantages> {
    const connected = await this.roster.connected();
    if (this.roster.revision !== this.revision) {
      this.revision = this.roster.revision;
      const points = connected.filter(isReady).map((probe) => this.pointOf(probe));
      this.vantages = { points, vocabulary: vocabularyOf(points) };
    }
    return this.vantages;
  }

  /** @returns whether a probe can be asked for a measurement */
  canDo({ vantage: { probe } }: Indexed<VantagePoint>, { kind, ipVersion, isNative }: Needs): boolean {
    const { capabilities, connection } = probe;
    const kinds = connection?.kinds ?? capabilities?.kinds ?? [];
    const hasFamily = ipVersion === 6 ? capabilities?.ipv6 === true : capabilities?.ipv4 !== false;
    return kinds.includes(kind) && hasFamily && (isNative || connection?.protocol === GLOBALPING_PROTOCOL);
  }

  /** @returns the labels of protocols whose probes cannot be told a job */
  unableToTell(job: Parameters<ProbeProtocols['unableToTell']>[0]): string[] {
    return this.protocols.unableToTell(job);
  }

  private pointOf(probe: ProbeEntity): Indexed<VantagePoint> {
    const before = this.known.get(probe);
    if (before !== undefined) return before;
    const place = placeOf(probe);
    const tags = probe.tags.filter((tag) => tag !== '');
    const { latitude, longitude } = locationOf(probe);
    const shown = {
      ...place,
      latitude,
      longitude,
      tags: [...tags],
      resolvers: probe.connection?.resolvers ?? [],
    };
    const systemTags = [probe.connection?.protocol ?? ''].filter((tag) => tag !== '');
    const point = indexed({ probe, place, tags, systemTags, shown });
    this.known.set(probe, point);
    return point;
  }
}

/** One whose protocol has a word for it is asked only while it says so. */
function isReady({ suspended, imported, connection }: ProbeEntity): boolean {
  const { status = READY } = connection ?? {};
  return suspended === undefined && imported !== true && status === READY;
}
