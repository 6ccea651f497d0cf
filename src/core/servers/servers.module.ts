import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { SERVER_MODEL, serverSchema } from './server.schema.js';
import { ServersRepository } from './servers.repository.js';
import { ServersService } from './servers.service.js';
import { LocalSessions } from './local-sessions.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: SERVER_MODEL, schema: serverSchema }])],
  providers: [ServersRepository, ServersService, LocalSessions],
  exports: [ServersRepository, ServersService, LocalSessions],
})
export class ServersModule {}
