import { Module } from '@nestjs/common';
import { AuthModule } from '../../core/users/auth.module.js';
import { OperationsModule } from '../../core/operations/operations.module.js';
import { ProbesModule } from '../../core/probes/probes.module.js';
import { ResultsModule } from '../../core/results/results.module.js';
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
