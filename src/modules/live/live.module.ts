import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ResultsModule } from '../results/results.module.js';
import { LiveController } from './live.controller.js';
import { LiveGateway } from './live.gateway.js';
import { LiveService } from './live.service.js';

/** The door for those who watch. */
@Module({
  imports: [AuthModule, ProbesModule, OperationsModule, ResultsModule],
  controllers: [LiveController],
  providers: [LiveService, LiveGateway],
  exports: [LiveService],
})
export class LiveModule {}
