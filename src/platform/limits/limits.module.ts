import { Global, Module } from '@nestjs/common';
import { Doorway } from '../sockets/doorway.js';
import { LimitHits } from './limit-hits.js';

@Global()
@Module({ providers: [LimitHits, Doorway], exports: [LimitHits, Doorway] })
export class LimitsModule {}
