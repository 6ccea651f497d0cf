import { type DynamicModule, Global, Module } from '@nestjs/common';
import { type Env } from './env.js';

/** Injection token of the parsed environment. */
export const ENV = Symbol('environment');

@Global()
@Module({})
export class ConfigModule {
  static forRoot(env: Env): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: ENV, useValue: env }], exports: [ENV] };
  }
}
