import { type ProbeStatus } from '@pladmed/protocol';
import { Schema } from 'mongoose';
import { type Idempotent, makeIdempotent } from '../../platform/database/idempotency.js';
import { type Sequence } from '../../platform/database/numbers/numbers.service.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type PlaceMembers } from './place.js';
import { type Load } from './probe-load.js';
import { type Reliability, WINDOW_NAMES } from './reliability-figures.js';

export { type ClockEstimate, MAX_CREDITS } from '@pladmed/protocol';

export const PROBE_MODEL = 'Probe';

/** The socket through which a probe is here now. It counts only while its server's lease stands. */
export interface ProbeConnection {
  session: ObjectId;
  server: string;
  /** the label of its protocol, for people */
  protocol: string;
  since: Date;
  /** credits that the probe says it can carry at once, and carries now */
  total_credits: number;
  in_use_credits: number;
  version?: string;
  kinds?: string[];
  /** the connection that stood when this one came: whose session it ended, and on which server */
  took_over?: { session: ObjectId; server: string };
  /** of this start of its program, where its protocol says so */
  instance?: string;
  /** another start of the program, from which this one has taken over */
  ousted?: { instance: string; at: Date };
  /** its own word for whether it does what it is asked (`ready`), where its protocol has one */
  status?: string;
  /** where it has come from: shown to its owner alone, and forgotten with the connection */
  address?: string | undefined;
  /** addresses of its resolvers, where it says so; `private` for one in a private network */
  resolvers?: string[];
}

/** What a connected probe says of itself, a part of it at a time. */
export interface ConnectionState extends Families {
  status?: string | undefined;
  resolvers?: string[] | undefined;
}

/** Whether a probe has a way to others over each family; absent where it did not say. */
export interface Families {
  ipv4?: boolean | undefined;
  ipv6?: boolean | undefined;
}

/** What a probe can do, by what it said last. */
export interface Capabilities extends Families {
  /** the label of the protocol that it spoke last: what can be said in it, that protocol knows */
  protocol: string;
  kinds: string[];
}

/** What a probe says of itself, where its protocol has words for it. */
export type ProbeReport = ProbeStatus;

/** What is known of the device that a probe runs on. */
export interface InstrumentDetails {
  hardware?: string | undefined;
  /** EUI-48 in lower case with colons */
  mac_address?: string | undefined;
  serial?: string | undefined;
}

export interface Suspension {
  at: Date;
  /** its host is told */
  reason: string;
  /** for good: the owner's account is gone */
  retired?: true;
}

/** Members that are absent where nothing is known. */
type Unset<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Whole numbers of probes. */
export const PROBE_NUMBERS: Sequence = { collection: 'probes', first: 1, batch: 20 };

/** A vantage point. */
export interface ProbeEntity extends Idempotent, Unset<PlaceMembers> {
  _id: ObjectId;
  /** a whole number that names it as well, given once */
  number: number;
  owner: ObjectId;
  /** GeoJSON: longitude first */
  location: { type: 'Point'; coordinates: [number, number] };
  name?: string;
  /** its owner's; `tagsOf` adds those that the server makes */
  tags: string[];
  /** it is run for others to measure to, as a superuser says */
  anchor?: true;
  /** the name of the site that holds it as an instrument */
  site?: string;
  /** there with a site */
  instrument?: InstrumentDetails;
  /** it gets no work, and is not let in; what it has brought stays */
  suspended?: Suspension;
  /** raised to revoke the tokens given out so far */
  token_version: number;
  /** of the document, for If-Match */
  revision: number;
  created_at: Date;
  /** when somebody changed it last; absent: nobody has */
  updated_at?: Date;
  /** it stands for a host that a file names: it has no token, and never connects */
  imported?: true;
  last_seen?: Date;
  connection?: ProbeConnection;
  /** kept while it is away; absent until it comes for the first time */
  capabilities?: Capabilities;
  /** the last thing that it said of itself */
  status?: Omit<ProbeReport, 'in_use_credits' | 'families'> & { at: Date };
  /** derived from sessions and runs every few minutes */
  reliability?: Reliability;
  /** when that was done, or tried, last */
  measured_at?: Date;
  /** no less than what it has to hold now; absent: nothing was ever asked of it */
  load?: Load;
  /** it has had nearly all that it can hold since its load was counted last */
  nearly_full?: true;
}

const connectionSchema = new Schema<ProbeConnection>(
  {
    session: { type: Schema.Types.ObjectId, required: true },
    server: { type: String, required: true },
    protocol: { type: String, required: true },
    since: { type: Date, required: true },
    total_credits: { type: Number, required: true },
    in_use_credits: { type: Number, required: true },
    version: String,
    kinds: { type: [String], default: undefined },
    took_over: new Schema(
      {
        session: { type: Schema.Types.ObjectId, required: true },
        server: { type: String, required: true },
      },
      { _id: false },
    ),
    instance: String,
    ousted: Schema.Types.Mixed,
    status: String,
    address: String,
    resolvers: { type: [String], default: undefined },
  },
  { _id: false },
);

export const probeSchema = new Schema<ProbeEntity>(
  {
    number: { type: Number, required: true },
    owner: { type: Schema.Types.ObjectId, required: true },
    location: {
      type: new Schema(
        { type: { type: String, required: true }, coordinates: { type: [Number], required: true } },
        { _id: false },
      ),
      required: true,
    },
    country: String,
    asn_v4: Number,
    asn_v6: Number,
    prefix_v4: String,
    prefix_v6: String,
    stated: { type: [String], default: undefined },
    state: String,
    city: String,
    network: String,
    ranges: { type: Schema.Types.Mixed },
    anchor: Boolean,
    name: String,
    tags: { type: [String], required: true },
    site: String,
    instrument: Schema.Types.Mixed,
    suspended: Schema.Types.Mixed,
    token_version: { type: Number, required: true },
    revision: { type: Number, required: true },
    created_at: { type: Date, required: true },
    updated_at: Date,
    imported: Boolean,
    last_seen: Date,
    connection: connectionSchema,
    capabilities: Schema.Types.Mixed,
    status: Schema.Types.Mixed,
    reliability: Schema.Types.Mixed,
    measured_at: Date,
    load: Schema.Types.Mixed,
    nearly_full: Boolean,
  },
  { collection: 'probes', versionKey: false },
);

// by number; unique among those that have one
probeSchema.index({ number: 1 }, { unique: true, partialFilterExpression: { number: { $exists: true } } });
// an owner's probes, in order of creation
probeSchema.index({ owner: 1, _id: 1 });
// probes near a place
probeSchema.index({ location: '2dsphere' });
// probes of a country
probeSchema.index({ country: 1, _id: 1 }, { sparse: true });
// probes of an autonomous system
probeSchema.index({ asn_v4: 1, _id: 1 }, { sparse: true });
probeSchema.index({ asn_v6: 1, _id: 1 }, { sparse: true });
// probes inside a network
probeSchema.index({ 'ranges.from': 1, 'ranges.to': 1 }, { sparse: true });
// the instruments of a site; of all sites, in order of creation
probeSchema.index({ site: 1, _id: 1 }, { sparse: true });
// probes by tag
probeSchema.index({ tags: 1, _id: 1 });
// what a server that died left behind; which sessions a server may hold (answered from the index alone)
probeSchema.index({ 'connection.server': 1, 'connection.session': 1 }, { sparse: true });
// whose reliability was measured longest ago, or never
probeSchema.index({ measured_at: 1 });
// those that have nearly all that they can hold. Their load is in no index: noting it for each operation would cost twice as much
probeSchema.index({ nearly_full: 1 }, { sparse: true });
// those that are as reliable as is asked, where few are; where most are, a listing goes along _id
for (const window of WINDOW_NAMES) {
  probeSchema.index({ [`reliability.${window}.uptime`]: 1 }, { sparse: true });
  probeSchema.index({ [`reliability.${window}.share`]: 1 }, { sparse: true });
}
makeIdempotent(probeSchema);
