import { Global, Module } from '@nestjs/common';
import { HandshakePacing } from './handshake-pacing.js';

@Global()
@Module({ providers: [HandshakePacing], exports: [HandshakePacing] })
export class SocketsModule {}
