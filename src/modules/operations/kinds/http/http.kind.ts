import { defineKind } from '../kind.js';
import { httpFormat } from './http.format.js';
import { HttpParams, MAX_URLS } from './http.params.js';

export const http = defineKind({
  name: 'http',
  unitCost: 3,
  paramsClass: HttpParams,
  destinationLists: ['urls'],
  maxDestinations: MAX_URLS,
  formats: { http: httpFormat },
  resultFormats: ['json'],
  example: {
    summary: 'A request, every five minutes',
    params: { urls: ['https://example.org/'], method: 'HEAD' },
    schedule: {
      type: 'interval',
      every_s: 300,
      start: '2029-12-31T00:00:00Z',
      stop: '2029-12-31T01:00:00Z',
    },
  },
});
