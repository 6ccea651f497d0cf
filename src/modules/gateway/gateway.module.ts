import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ResultsModule } from '../results/results.module.js';
import { ProbeGateway } from './probe.gateway.js';

/** The door for native probes. */
@Module({ imports: [ClockModule, ProbesModule, OperationsModule, ResultsModule], providers: [ProbeGateway] })
export class GatewayModule {}
