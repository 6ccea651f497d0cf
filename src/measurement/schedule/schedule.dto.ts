import { getSchemaPath } from '@nestjs/swagger';
import { Param } from '../params/param.decorator.js';
import { integer, oneOf } from '../params/param.rules.js';
import { cronExpression, instant } from './schedule.rules.js';

/** Without an example: a fixed time would be too far ahead, or past, on most days. */
const START = {
  description: 'First moment of the schedule, at most 366 days ahead; now if absent.',
};

const STOP = {
  description: 'End of the schedule, excluded; after `start`.',
  example: '2030-01-02T00:00:00Z',
  required: true,
};

class SpreadDto {
  @Param(integer(0, 86_400), {
    description:
      'Seconds over which the probes are spread: each does all its runs later by its own offset below this, made from its id. Classic probes cannot.',
    example: 60,
  })
  spread_s?: number;
}

/** A single run. */
export class OnceScheduleDto extends SpreadDto {
  @Param(oneOf('once'), { description: 'One run.', example: 'once', required: true })
  type: 'once';

  @Param(instant(), { description: 'When to run, at most 366 days ahead; now if absent.' })
  at?: string;
}

/** A run every so many seconds. */
export class IntervalScheduleDto extends SpreadDto {
  @Param(oneOf('interval'), { description: 'Runs at equal distances.', example: 'interval', required: true })
  type: 'interval';

  @Param(integer(1, 86_400), {
    description: 'Time from one run to the next, in seconds.',
    example: 300,
    required: true,
  })
  every_s: number;

  @Param(instant(), START)
  start?: string;

  @Param(instant(), STOP)
  stop: string;
}

/** Runs at the times of a cron expression. */
export class CronScheduleDto extends SpreadDto {
  @Param(oneOf('cron'), {
    description: 'Runs at the times of a cron expression.',
    example: 'cron',
    required: true,
  })
  type: 'cron';

  @Param(cronExpression(), {
    description:
      'Five fields of crontab(5), in UTC: minute, hour, day of month, month, day of week. A day field is restricted unless it begins with `*`; where both are, one of them is enough, otherwise both must match.',
    example: '*/15 * * * *',
    required: true,
  })
  cron: string;

  @Param(integer(1, 60), {
    description: 'Runs in each minute that `cron` names, evenly over the minute; 1 if absent.',
    example: 1,
    default: 1,
  })
  times_per_minute?: number;

  @Param(instant(), START)
  start?: string;

  @Param(instant(), STOP)
  stop: string;
}

/** The three forms of a schedule by their `type`. */
export const SCHEDULE_CLASSES = {
  once: OnceScheduleDto,
  interval: IntervalScheduleDto,
  cron: CronScheduleDto,
} as const;

/** OpenAPI schema of a schedule; the three classes have to be named with ApiExtraModels where it is used. */
export function scheduleSchema() {
  const references = Object.entries(SCHEDULE_CLASSES).map(
    ([type, dto]) => [type, getSchemaPath(dto)] as const,
  );
  return {
    oneOf: references.map(([, $ref]) => ({ $ref })),
    discriminator: { propertyName: 'type', mapping: Object.fromEntries(references) },
    example: { type: 'once' },
  };
}
