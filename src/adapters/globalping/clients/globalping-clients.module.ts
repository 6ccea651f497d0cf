import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { DeliveryModule } from '../../../core/delivery/index.js';
import { IngestModule } from '../../../core/ingest/index.js';
import { OperationsModule } from '../../../core/operations/index.js';
import { ProgressModule } from '../../../core/progress/index.js';
import { PresenceModule } from '../../../core/presence/index.js';
import { ResultsModule } from '../../../core/results/index.js';
import { ServersModule } from '../../../core/servers/index.js';
import { SharesModule } from '../../../core/shares/index.js';
import { AuthModule } from '../../../core/users/index.js';
import { VantagesService } from './locations/vantages.service.js';
import { DoorBounds } from './measurements/bounds.js';
import { CreationService } from './measurements/creation.service.js';
import { DocumentsService } from './measurements/documents.service.js';
import { Guests } from './measurements/guests.js';
import { GlobalpingMeasurementsController } from './measurements/measurements.controller.js';
import { GlobalpingPlatformController } from './platform.controller.js';

/** The door for Globalping's clients. */
@Module({
  imports: [
    AuthModule,
    DeliveryModule,
    IngestModule,
    OperationsModule,
    PresenceModule,
    ProgressModule,
    ResultsModule,
    ServersModule,
    SharesModule,
  ],
  controllers: [GlobalpingMeasurementsController, GlobalpingPlatformController],
  providers: [VantagesService, DoorBounds, CreationService, DocumentsService, Guests],
})
export class GlobalpingClientsModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(Guests).forRoutes(GlobalpingMeasurementsController, GlobalpingPlatformController);
  }
}
