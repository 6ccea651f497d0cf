import { Module } from '@nestjs/common';
import { PresenceModule } from '../../core/presence/presence.module.js';
import { DeliveryModule } from '../../core/delivery/delivery.module.js';
import { IngestModule } from '../../core/ingest/ingest.module.js';
import { ClockModule } from '../../platform/clock/clock.module.js';
import { ProbeGateway } from './probe.gateway.js';

/** The door for native probes. */
@Module({ imports: [ClockModule, PresenceModule, DeliveryModule, IngestModule], providers: [ProbeGateway] })
export class ProbeProtocolModule {}
