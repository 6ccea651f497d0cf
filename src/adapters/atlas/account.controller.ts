import { All, Controller, Get, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request } from 'express';
import { LedgerService } from '../../core/ledger/index.js';
import { KeysService } from '../../core/users/index.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ByDoor } from '../../platform/http/permissions.js';
import { type Members } from '../../measurement/atlas/common.js';
import { Callers } from './callers.js';
import { type Listing, listingOf, originOf, pageNumber } from './listing.js';

const DAY_MS = 86_400_000;
/** Entries of a day that the estimates are made of. */
const MOST_ENTRIES = 1_000;

@ApiExcludeController()
@ByDoor()
@Controller('api/v2')
export class AtlasAccountController {
  constructor(
    private readonly callers: Callers,
    private readonly ledger: LedgerService,
    private readonly keys: KeysService,
  ) {}

  @Get()
  root(@Req() request: Request): Members {
    const base = `${originOf(request)}/api/v2`;
    const names = ['measurements', 'probes', 'anchors', 'credits', 'keys'];
    return Object.fromEntries(names.map((name) => [name, `${base}/${name}/`]));
  }

  /** Atlas's clients make groups there; the number of a measurement it is not. */
  @All('measurements/groups')
  group(): never {
    throw new DomainError('not_found', 'This server has no groups of measurements');
  }

  @All('probes/tags')
  tag(): never {
    throw new DomainError('not_found', 'This server has no list of tags');
  }

  /** Measurements are paid in advance: what is spent a day is what was ordered in it. */
  @Get('credits')
  async credits(@Req() request: Request): Promise<Members> {
    const user = await this.callers.user(request, 'credits.read');
    const since = Date.now() - DAY_MS;
    const entries = (await this.ledger.statement(user._id, MOST_ENTRIES)).filter(
      ({ at }) => at.getTime() >= since,
    );
    const sumOf = (wanted: string) =>
      Math.abs(entries.reduce((sum, { amount, reason }) => sum + (reason === wanted ? amount : 0), 0));
    return {
      current_balance: Math.trunc(user.credits),
      credit_checked: true,
      max_daily_credits: Math.trunc(user.credits),
      estimated_daily_income: sumOf('results'),
      estimated_daily_expenditure: sumOf('operation'),
      estimated_daily_balance: sumOf('results') - sumOf('operation'),
      calculation_time: Math.floor(Date.now() / 1000),
      estimated_runout_seconds: null,
      past_day_credits_spent: sumOf('operation'),
      past_day_measurement_results: sumOf('results'),
      last_date_debited: null,
      last_date_credited: null,
    };
  }

  /** Without the keys themselves, which are kept nowhere. */
  @Get('keys')
  async listKeys(@Req() request: Request): Promise<Listing> {
    const user = await this.callers.user(request, 'credits.read');
    const page = pageNumber(request);
    const keys = await this.keys.list(user._id);
    const from = (page.page - 1) * page.size;
    const shown = keys
      .slice(from, from + page.size)
      .map(({ name, scopes, created_at, expires_at }): Members => ({
        label: name,
        type: 'key',
        is_active: expires_at === undefined || expires_at.getTime() > Date.now(),
        enabled: true,
        created_at: created_at.toISOString(),
        valid_from: created_at.toISOString(),
        valid_to: expires_at?.toISOString() ?? null,
        grants: scopes.map((permission) => ({ permission, target: null })),
      }));
    return listingOf(request, page, keys.length, shown);
  }
}
