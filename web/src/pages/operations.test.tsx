import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { anOperation } from '../../test/made.js';
import { json, problem, requests, serve } from '../../test/server.js';
import { open } from '../../test/show.js';
import type { Operation } from '../api/queries.js';

const LIST = 'GET /api/v1/operations';
const page = (items: Operation[], next: string | null = null) => json({ items, next });
const queryOf = (index: number): Record<string, string> =>
  Object.fromEntries(new URL(requests(LIST).at(index)?.url ?? '').searchParams);

describe('the list of operations', () => {
  it('says that it loads, and then what there is', async () => {
    let tell: (response: Response) => void = () => undefined;
    serve({ [LIST]: () => new Promise((resolve) => (tell = resolve)) });
    await open('/operations');
    expect(await screen.findByRole('status', { name: 'Loading' })).toBeTruthy();
    await waitFor(() => expect(requests(LIST)).toHaveLength(1));
    tell(page([anOperation()]));
    expect(await screen.findByRole('link', { name: 'ping 192.0.2.1' })).toBeTruthy();
    expect(screen.queryByRole('status', { name: 'Loading' })).toBeNull();
  });

  it('says what to do where there is none yet', async () => {
    serve({ [LIST]: () => page([]) });
    await open('/operations');
    expect(await screen.findByText('No measurement yet.')).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Show all' })).toBeNull();
  });

  it('leads back to all where filters leave none', async () => {
    serve({ [LIST]: (request) => page(request.url.includes('kind=dns') ? [] : [anOperation()]) });
    const { user, address } = await open('/operations?kind=dns');
    await user.click(await screen.findByRole('link', { name: 'Show all' }));
    expect(await screen.findByRole('link', { name: 'ping 192.0.2.1' })).toBeTruthy();
    expect(address()).toBe('/operations');
  });

  it('says why it cannot be had, with the id of the request, and tries again', async () => {
    let broken = true;
    serve({
      [LIST]: () =>
        broken
          ? problem({ status: 500, code: 'internal', detail: 'Something went wrong here' })
          : page([anOperation()]),
    });
    const { user } = await open('/operations');
    const alert = within(await screen.findByRole('alert'));
    expect(alert.getByText('Something went wrong here.')).toBeTruthy();
    expect(alert.getByText('request-1')).toBeTruthy();
    broken = false;
    await user.click(alert.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('link', { name: 'ping 192.0.2.1' })).toBeTruthy();
  });

  it('reads its filters from the address, and leaves out what makes no sense', async () => {
    serve({ [LIST]: () => page([anOperation()]) });
    await open('/operations?kind=ping&state=exploded&text=lab');
    await screen.findByRole('link', { name: 'ping 192.0.2.1' });
    expect(queryOf(0)).toEqual({ limit: '50', kind: 'ping', q: 'lab' });
    expect(screen.getByRole<HTMLSelectElement>('combobox', { name: 'State' }).value).toBe('');
    expect(screen.getByRole<HTMLInputElement>('searchbox', { name: 'Text' }).value).toBe('lab');
  });

  it('writes them there, and asks anew', async () => {
    serve({ [LIST]: () => page([anOperation()]) });
    const { user, address } = await open('/operations');
    await user.selectOptions(await screen.findByRole('combobox', { name: 'State' }), 'stopped');
    expect(address()).toBe('/operations?state=stopped');
    await waitFor(() => expect(queryOf(-1)).toEqual({ limit: '50', state: 'stopped' }));
  });

  it('goes on where a page ends, and keeps what was shown', async () => {
    serve({
      [LIST]: (request) =>
        request.url.includes('cursor=c2')
          ? page([anOperation({ id: 'op2' }, ['192.0.2.2'])])
          : page([anOperation()], 'c2'),
    });
    const { user } = await open('/operations');
    await user.click(await screen.findByRole('button', { name: 'Show more' }));
    expect(await screen.findByRole('link', { name: 'ping 192.0.2.2' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'ping 192.0.2.1' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
  });

  it('shows markup in descriptions and tags as text, and cuts what is long', async () => {
    const description = `<img src=x onerror="alert(1)">${'x'.repeat(200)}`;
    serve({ [LIST]: () => page([anOperation({ description, tags: ['<b>lab</b>'] })]) });
    await open('/operations');
    const row = within(await screen.findByRole('rowheader'));
    const name = row.getByRole('link').textContent;
    expect(name.startsWith('<img src=x onerror="alert(1)">')).toBe(true);
    expect(name).toHaveLength(120);
    expect(row.getByText('<b>lab</b>')).toBeTruthy();
    expect(row.getByText('ping 192.0.2.1')).toBeTruthy();
    expect(row.queryByRole('img')).toBeNull();
  });

  it('says how far it is, and when it runs, in words', async () => {
    const schedule = { type: 'interval', every_s: 300, stop: '2026-12-04T18:00:00.000Z' } as const;
    serve({ [LIST]: () => page([anOperation({ schedule })]) });
    await open('/operations');
    expect(await screen.findByText('40 of 200')).toBeTruthy();
    expect(screen.getByText('(20 %)')).toBeTruthy();
    expect(screen.getByText('every 5 minutes until Friday 2026-12-04 18:00 UTC')).toBeTruthy();
  });
});
