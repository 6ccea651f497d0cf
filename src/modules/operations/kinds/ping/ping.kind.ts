import { defineKind } from '../kind.js';
import { PingParams } from './ping.params.js';

export const ping = defineKind({
  name: 'ping',
  unitCost: 1,
  paramsClass: PingParams,
  resultFormats: ['json'],
});
