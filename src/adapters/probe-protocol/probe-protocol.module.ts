import { Module } from '@nestjs/common';
import { ProbesModule } from '../../core/probes/index.js';
import { PresenceModule } from '../../core/presence/index.js';
import { DeliveryModule } from '../../core/delivery/index.js';
import { IngestModule } from '../../core/ingest/index.js';
import { ClockModule } from '../../platform/clock/clock.module.js';
import { ProbeGateway } from './probe.gateway.js';

/** The door for native probes. */
@Module({
  imports: [ClockModule, ProbesModule, PresenceModule, DeliveryModule, IngestModule],
  providers: [ProbeGateway],
})
export class ProbeProtocolModule {}
