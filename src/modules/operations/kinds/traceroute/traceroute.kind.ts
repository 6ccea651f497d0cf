import { defineKind } from '../kind.js';
import { TracerouteParams } from './traceroute.params.js';

export const traceroute = defineKind({
  name: 'traceroute',
  unitCost: 15,
  paramsClass: TracerouteParams,
  resultFormats: ['json', 'dump'],
});
