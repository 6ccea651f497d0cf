import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { isHostName, isIpLiteral } from '@pladmed/protocol';
import { ForSuperusers } from '../../platform/http/permissions.js';
import { QuotasService } from '../../core/quotas/index.js';
import { BusyTargetsDto, TargetDto } from './dto/limits.dto.js';
import { targetOf } from '../../measurement/targets/network.js';

const MOST_LISTED = 50;

@ValidatorConstraint({ name: 'target' })
class IsTarget implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return isIpLiteral(value) || isHostName(value);
  }

  defaultMessage(): string {
    return 'must be an IPv4 or IPv6 address or a host name (RFC 1123)';
  }
}

export class TargetQuery {
  @ApiProperty({
    description: 'An address, or a name as operations give it: a name and its address are two targets.',
    example: '192.0.2.1',
  })
  @Validate(IsTarget)
  address: string;
}

@ApiTags('operation of the server')
@ApiBearerAuth()
@ForSuperusers('admin')
@Controller('api/v1/targets')
export class TargetsController {
  constructor(private readonly bounds: QuotasService) {}

  @Get()
  @ApiOperation({ summary: 'What strikes a target now, over all users (superusers)' })
  @ApiOkResponse({ type: TargetDto })
  @ApiProblems(400, 401, 403)
  async get(@Query() { address }: TargetQuery): Promise<TargetDto> {
    const target = targetOf(address);
    return TargetDto.from(target, await this.bounds.usageOfTarget(target));
  }

  @Get('busiest')
  @ApiOperation({
    summary: 'Which targets are struck the most now, over all users (superusers)',
    description: 'Those with the most packets a second first. What has just ended may still count.',
  })
  @ApiOkResponse({ type: BusyTargetsDto })
  @ApiProblems(401, 403)
  async busiest(): Promise<BusyTargetsDto> {
    return BusyTargetsDto.from(await this.bounds.busiestTargets(MOST_LISTED));
  }
}
