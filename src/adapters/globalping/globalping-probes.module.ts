import { Module } from '@nestjs/common';
import { DeliveryModule } from '../../core/delivery/index.js';
import { PresenceModule } from '../../core/presence/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { ProgressModule } from '../../core/progress/index.js';
import { ServerRunsModule } from '../../core/server-runs/index.js';
import { GlobalpingGateway } from './probes/globalping.gateway.js';

/** The door for probes of Globalping. */
@Module({
  imports: [ProbesModule, PresenceModule, DeliveryModule, ServerRunsModule, ProgressModule],
  providers: [GlobalpingGateway],
})
export class GlobalpingProbesModule {}
