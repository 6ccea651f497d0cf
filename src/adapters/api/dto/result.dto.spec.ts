import { describe, expect, it } from '@jest/globals';
import { type ResultEntity } from '../../../core/ingest/index.js';
import { ObjectId } from '../../../platform/database/object-id.js';
import { ResultDto } from './result.dto.js';

describe('ResultDto', () => {
  it.each([
    ['2026-11-29T12:00:00.000Z', 1500, '2026-11-29T12:00:01.500Z'],
    // RFC 3339, section 5.6: a year has four digits
    ['9999-12-31T23:59:59.999Z', 1, null],
    ['0000-01-01T00:00:00.000Z', -1, null],
    ['0000-01-01T00:00:00.000Z', 0, '0000-01-01T00:00:00.000Z'],
  ])('corrects %s by %s ms to %s', (started, offset_ms, corrected) => {
    const result = {
      ...{ _id: new ObjectId(), operation: new ObjectId(), probe: new ObjectId(), outcome: 'stored' },
      ...{ received_at: new Date(0), started_at: new Date(started) },
      clock: { offset_ms, error_ms: 1, source: 'ntp', age_s: 1 },
    } as unknown as ResultEntity;
    const { started_corrected_at, started_at_corrected } = ResultDto.from(result, 0, null);
    expect([started_corrected_at, started_at_corrected]).toEqual([corrected, corrected]);
  });
});
