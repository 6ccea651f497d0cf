import { Global, Module } from '@nestjs/common';
import { LimitHits } from './limit-hits.js';
import { LiveWatchers } from './live-watchers.js';

@Global()
@Module({ providers: [LimitHits, LiveWatchers], exports: [LimitHits, LiveWatchers] })
export class LimitsModule {}
