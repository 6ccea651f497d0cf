import { Module } from '@nestjs/common';
import { ClockModule } from '../../platform/clock/clock.module.js';
import { OperationsModule } from '../../core/operations/operations.module.js';
import { ProbesModule } from '../../core/probes/probes.module.js';
import { ResultsModule } from '../../core/results/results.module.js';
import { ProbeGateway } from './probe.gateway.js';

/** The door for native probes. */
@Module({ imports: [ClockModule, ProbesModule, OperationsModule, ResultsModule], providers: [ProbeGateway] })
export class GatewayModule {}
