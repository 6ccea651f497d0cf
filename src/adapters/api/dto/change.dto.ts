import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { z } from 'zod';
import {
  CHANGE_TYPES,
  type ChangeEntity,
  type ChangeType,
  type Sighting,
  SIGHTINGS_SHOWN,
} from '../../../derived/changes/index.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { oneOfBy, openApiSchema, type Schemas } from '../../../platform/http/zod-schema.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toList } from '../../../platform/validation/query-values.js';
import { Ids, INSTANT, IsInstant, Mine, OfKind } from './results-conditions.js';

const ID = new RegExp(ID_PATTERN);

const id = (description: string) => z.string().regex(ID).meta({ description });
const time = (description: string) => z.iso.datetime().meta({ description });
const text = (description: string) => z.string().nullable().meta({ description });

const sighting = z.strictObject({
  probe_id: id('That has seen it.'),
  since: time('When the first of its runs that showed it was due; of `quiet`: when something came last.'),
  noticed_at: time('When the result came that made it sure; of `quiet`: when it counted as quiet.'),
  first_result_id: text('The result of that first run; null of `rtt_level` and `quiet`.'),
  result_before_id: text('The result before it; null of `rtt_level` and `quiet`.'),
  back_at: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'Of `quiet`: when something came again; null: not yet, or not `quiet`.' }),
});

const level = z.strictObject({
  rtt_ms: z.number().meta({ description: 'Median, in milliseconds.' }),
  runs: z.int().meta({ description: 'Runs that it is of.' }),
});
const hops = z.strictObject({
  hops: z.array(
    z.strictObject({
      ttl: z.int().meta({ description: 'Hops from the probe.' }),
      addresses: z.array(z.string()).meta({ description: 'That answered there, in order, 8 at the most.' }),
    }),
  ),
});
const certificates = z.strictObject({
  certificates: z
    .array(
      z.strictObject({
        fingerprint_sha256: z.string().meta({ description: 'SHA-256, hexadecimal.' }),
        subject: text('Its subject.'),
        issuer: text('Its issuer.'),
        not_after: text('End of its validity, an RFC 3339 time.'),
      }),
    )
    .meta({ description: 'That the server showed in turn, the latest 4; what was seen last stands last.' }),
});
const answers = z.strictObject({
  rcode: z.string().meta({ description: "IANA's name of the response code." }),
  records: z.array(z.string()).meta({ description: 'Data of the records, sorted; the first 16.' }),
  count: z.int().meta({ description: 'Of all records.' }),
});
const statuses = z.strictObject({
  statuses: z.array(z.int()).meta({ description: 'Status codes; what was seen last stands last.' }),
});
const servers = z.strictObject({
  servers: z.array(z.strictObject({ stratum: z.int(), leap: z.int() })).meta({
    description: 'Stratum and leap indicator; what was seen last stands last.',
  }),
});

/** What was and is, by the type of a change. */
const FORMS = {
  path: hops,
  rtt_level: level,
  certificate: certificates,
  dns_answers: answers,
  http_status: statuses,
  ntp_server: servers,
  quiet: z.null(),
} as const satisfies Record<ChangeType, z.ZodType>;

function changeOf(type: ChangeType) {
  return z.strictObject({
    id: id('Of the change.'),
    operation_id: id('In which it was seen.'),
    type: z.literal(type),
    destination: (type === 'quiet' ? z.null() : z.string()).meta({
      description:
        type === 'quiet'
          ? 'A probe that is quiet has none.'
          : 'As asked for; of dns `NAME TYPE @RESOLVER`, of tls `NAME port PORT`.',
    }),
    before: FORMS[type],
    after: FORMS[type],
    since: time('Of the probe that saw it first.'),
    noticed_at: time('By the probe that made it a change.'),
    probe_count: z.int().min(1).meta({ description: 'Probes that have seen it.' }),
    probes: z
      .array(sighting)
      .meta({ description: `The first ${SIGHTINGS_SHOWN}, or those that are asked for.` }),
  });
}

const NAMES: Readonly<Record<ChangeType, string>> = {
  path: 'PathChangeDto',
  rtt_level: 'RttLevelChangeDto',
  certificate: 'CertificateChangeDto',
  dns_answers: 'DnsAnswersChangeDto',
  http_status: 'HttpStatusChangeDto',
  ntp_server: 'NtpServerChangeDto',
  quiet: 'QuietChangeDto',
};

/** One form for each type. @param schemas those that the document has */
export function withChanges(schemas: Schemas): Schemas {
  const forms = CHANGE_TYPES.map((type) => [NAMES[type], openApiSchema(changeOf(type))] as const);
  return { ...schemas, ...Object.fromEntries(forms), ChangeDto: oneOfBy('type', NAMES) };
}

/** In the document it is one of several forms: withChanges(). */
export class ChangeDto {
  id: string;
  operation_id: string;
  type: ChangeType;
  destination: string | null;
  before: ChangeEntity['before'];
  after: ChangeEntity['after'];
  since: string;
  noticed_at: string;
  probe_count: number;
  probes: z.infer<typeof sighting>[];

  static from(change: ChangeEntity): ChangeDto {
    const { type, destination, before, after, probe_count } = change;
    return {
      id: change._id.toHexString(),
      operation_id: change.operation.toHexString(),
      ...{ type, destination, before, after },
      since: change.since.toISOString(),
      noticed_at: change.noticed_at.toISOString(),
      probe_count,
      probes: change.probes.map(sightingDto),
    };
  }
}

function sightingDto(seen: Sighting): z.infer<typeof sighting> {
  return {
    probe_id: seen.probe.toHexString(),
    since: seen.since.toISOString(),
    noticed_at: seen.noticed_at.toISOString(),
    first_result_id: seen.first_result?.toHexString() ?? null,
    result_before_id: seen.result_before?.toHexString() ?? null,
    back_at: seen.back_at?.toISOString() ?? null,
  };
}

export class ChangesQuery extends PageQuery {
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string', enum: [...CHANGE_TYPES] },
    description: 'Only of this type; may be repeated: of any of them.',
  })
  @Optional()
  @Transform(toList)
  @IsIn(CHANGE_TYPES, { each: true, message: `must be one of ${CHANGE_TYPES.join(', ')}` })
  type?: ChangeType[];

  @Ids('Only seen by this probe; may be repeated: by any of them.')
  probe?: string[];

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 2000,
    description: 'Only at this destination, as changes name it.',
    example: 'example.org port 443',
  })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  @Matches(/^\P{Cc}*$/u, { message: 'must have no control characters' })
  destination?: string;

  @ApiPropertyOptional({ ...INSTANT, description: '`since` is this time or later.' })
  @Optional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ ...INSTANT, description: '`since` is before this time.' })
  @Optional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({
    enum: ['asc', 'desc'],
    default: 'asc',
    description: 'In the order in which they were noticed: the oldest first, or the newest.',
  })
  @Optional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'asc';
}

export class AllChangesQuery extends ChangesQuery {
  @Ids('Only of this operation; may be repeated: of any of them. Absent: of all that you may see.')
  operation?: string[];

  @OfKind()
  kind?: KindName;

  @Mine()
  mine?: boolean;
}
