import { Global, Module } from '@nestjs/common';
import { PlatformBus } from './platform-bus.js';

@Global()
@Module({ providers: [PlatformBus], exports: [PlatformBus] })
export class BusModule {}
