import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { json, serve } from '../../test/server.js';
import { show } from '../../test/show.js';
import type { Schemas } from '../api/client.js';
import { ImportsTable } from './table.js';

const JOB: Schemas['ImportDto'] = {
  id: 'i1',
  owner_id: 'ann',
  state: 'done',
  name: 'a.warts',
  bytes: 1,
  sha256: '0',
  source: 'upload',
  records: 12_345,
  stored: 0,
  duplicates: 0,
  skipped: 0,
  refused: 1,
  errors: [{ record: 12_345, message: 'ends in the <middle>' }],
  operation_ids: ['o1', 'o2', 'o3', 'o4', 'o5', 'o6', 'o7'],
  created_at: '2026-11-29T12:00:00.000Z',
  updated_at: '2026-11-29T12:00:00.000Z',
  begun_at: null,
  ended_at: null,
};

describe('ImportsTable', () => {
  it('says of a file how large it is, why records were refused, and where the rest went', async () => {
    serve({ 'GET /api/v1/imports': () => json({ items: [JOB], next: null }) });
    await show(<ImportsTable />);
    const row = within(await screen.findByRole('row', { name: /a\.warts/ }));
    expect(row.getByRole('rowheader').textContent).toBe('a.warts 1 byte, upload');
    expect(row.getByText('record 12,345: ends in the <middle>')).toBeTruthy();
    expect(row.getAllByRole('link')).toHaveLength(5);
    expect(row.getByText('and 2 more')).toBeTruthy();
  });
});
