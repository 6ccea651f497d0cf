import { act, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { anAccount } from '../test/made.js';
import { json, problem, requests, serve } from '../test/server.js';
import { open } from '../test/show.js';
import { session } from './session/session.js';
import { choose } from './ui/scheme.js';

const LIST = 'GET /api/v1/operations';
const none = () => json({ items: [], next: null });
const over = () => problem({ status: 401, code: 'unauthenticated', detail: 'The token is not valid' });

describe('what is around every page', () => {
  afterEach(() => choose('system'));

  it('changes the colours at once, keeps that, and can go back to those of the system', async () => {
    serve({ [LIST]: none });
    const { user } = await open('/operations');
    const schemes = within(await screen.findByRole('radiogroup', { name: 'Colour scheme' }));
    expect(schemes.getByRole<HTMLInputElement>('radio', { name: 'System' }).checked).toBe(true);
    await user.click(schemes.getByRole('radio', { name: 'Dark' }));
    expect(document.documentElement.dataset['scheme']).toBe('dark');
    expect(localStorage.getItem('pladmed.scheme')).toBe('dark');
    await user.click(schemes.getByRole('radio', { name: 'System' }));
    expect(document.documentElement.dataset['scheme']).toBeUndefined();
    expect(localStorage.getItem('pladmed.scheme')).toBeNull();
  });

  it('says where one is that the session is over, and leads back there', async () => {
    session.begin('old');
    serve({ [LIST]: over, 'GET /api/v1/users/me': over });
    await open('/operations?kind=dns');
    const again = await screen.findByRole<HTMLAnchorElement>('link', { name: 'Log in again' });
    expect(new URL(again.href).searchParams.get('next')).toBe('/operations?kind=dns');
    expect(session.token()).toBeUndefined();
    expect(requests(LIST)[0]?.headers.get('Authorization')).toBe('Bearer old');
  });

  it('leaves a session alone that began while an older token was refused', async () => {
    session.begin('old');
    let refuse: (response: Response) => void = () => undefined;
    serve({
      [LIST]: (request) =>
        request.headers.get('Authorization') === 'Bearer old'
          ? new Promise((resolve) => (refuse = resolve))
          : none(),
      'GET /api/v1/users/me': () => json(anAccount()),
    });
    await open('/operations');
    await waitFor(() => expect(requests(LIST)).toHaveLength(1));
    act(() => session.begin('new'));
    await act(async () => {
      refuse(over());
      await Promise.resolve();
    });
    await screen.findByRole('alert');
    expect(session.token()).toBe('new');
    expect(screen.queryByRole('link', { name: 'Log in again' })).toBeNull();
  });

  it('shows administration to superusers only', async () => {
    session.begin('token-1');
    serve({ [LIST]: none, 'GET /api/v1/users/me': () => json(anAccount()) });
    await open('/operations');
    const pages = within(await screen.findByRole('navigation', { name: 'Pages' }));
    expect(await screen.findByTitle('ann@example.org')).toBeTruthy();
    expect(pages.queryByRole('link', { name: 'Administration' })).toBeNull();
    expect(pages.getByRole('link', { name: 'Account' })).toBeTruthy();
  });

  it('names the tab by the heading, and moves the keyboard into a new page', async () => {
    serve({ [LIST]: none, 'GET /api/v1/platform': () => json({ has_superuser: true, credits: 'on' }) });
    const { user } = await open('/operations');
    await waitFor(() => expect(document.title).toBe('Operations · Pladmed'));
    await user.click(screen.getByRole('link', { name: 'Log in' }));
    await waitFor(() => expect(document.title).toBe('Log in · Pladmed'));
    expect(document.activeElement).toBe(screen.getByRole('main'));
  });

  it('says that there is no page at an address', async () => {
    await open('/nowhere');
    expect(await screen.findByRole('heading', { name: 'Not found' })).toBeTruthy();
  });
});
