import { Global, Module } from '@nestjs/common';
import { LimitHits } from './limit-hits.js';

@Global()
@Module({ providers: [LimitHits], exports: [LimitHits] })
export class LimitsModule {}
