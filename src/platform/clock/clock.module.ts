import { Module } from '@nestjs/common';
import { ServerClockService } from './server-clock.service.js';

/** How far this server's own clock is off. */
@Module({ providers: [ServerClockService], exports: [ServerClockService] })
export class ClockModule {}
