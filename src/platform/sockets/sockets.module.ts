import { Global, Module } from '@nestjs/common';
import { Doorway } from './doorway.js';

@Global()
@Module({ providers: [Doorway], exports: [Doorway] })
export class SocketsModule {}
