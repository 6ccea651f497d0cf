import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { json, problem, requests, serve } from '../../test/server.js';
import { show } from '../../test/show.js';
import type { Schemas } from '../api/client.js';
import { session } from '../session/session.js';
import { Keys } from './keys.js';
import { Password } from './security.js';

const KEYS = 'GET /api/v1/users/me/keys';
const KEY: Schemas['KeyDto'] = {
  id: 'k1',
  name: '<b>Robot</b>',
  scopes: ['read', 'measure'],
  created_at: '2026-11-29T12:00:00.000Z',
  updated_at: '2026-11-29T12:00:00.000Z',
  expires_at: null,
  last_used_at: null,
  last_used_from: null,
};

describe('an account', () => {
  beforeEach(() => session.begin('token-1'));

  it('goes on with the new token when the password was changed, and forgets what was typed', async () => {
    serve({ 'PUT /api/v1/users/me/password': () => json({ access_token: 'token-2' }) });
    const { user } = await show(<Password />);
    const present = screen.getByLabelText<HTMLInputElement>('Present password');
    await user.type(present, 'old');
    await user.type(screen.getByLabelText('New password'), 'New-pass-1');
    await user.click(screen.getByRole('button', { name: 'Change password' }));
    expect((await screen.findByRole('status')).textContent).toContain('Changed.');
    expect(session.token()).toBe('token-2');
    expect(present.value).toBe('');
  });

  it('says beside the present password that it is another', async () => {
    serve({
      'PUT /api/v1/users/me/password': () =>
        problem({ status: 403, code: 'forbidden', detail: 'Wrong password' }),
    });
    const { user } = await show(<Password />);
    await user.type(screen.getByLabelText('New password'), 'New-pass-1{Enter}');
    const field = screen.getByLabelText('Present password');
    await waitFor(() => expect(document.activeElement).toBe(field));
    expect(screen.getByText('Present password is not the present one')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('revokes a key only after it was asked', async () => {
    let items = [KEY];
    serve({
      [KEYS]: () => json({ items }),
      'DELETE /api/v1/users/me/keys/k1': () => {
        items = [];
        return new Response(null, { status: 204 });
      },
    });
    const { user } = await show(<Keys admin={false} />);
    await user.click(await screen.findByRole('button', { name: 'Revoke the key <b>Robot</b>' }));
    const dialog = within(screen.getByRole('dialog', { name: 'Revoke this key?' }));
    expect(dialog.getByText(/The next request with “<b>Robot<\/b>” is refused/)).toBeTruthy();
    expect(requests('DELETE /api/v1/users/me/keys/k1')).toHaveLength(0);
    await user.click(dialog.getByRole('button', { name: 'Revoke' }));
    expect(await screen.findByText('No key yet.')).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('shows a new key once, and offers no scope that the account has not', async () => {
    serve({
      [KEYS]: () => json({ items: [] }),
      'POST /api/v1/users/me/keys': () => json({ ...KEY, key: 'pk_secret' }, 201),
    });
    const { user } = await show(<Keys admin={false} />);
    const scopes = within(screen.getByRole('group', { name: 'Scopes' }));
    expect(scopes.queryByRole('checkbox', { name: /^admin/ })).toBeNull();
    await user.click(scopes.getByRole('checkbox', { name: /^measure / }));
    await user.type(screen.getByRole('textbox', { name: 'Name of the key' }), ' Robot {Enter}');
    expect(await screen.findByText('pk_secret')).toBeTruthy();
    expect(await requests('POST /api/v1/users/me/keys')[0]?.json()).toEqual({
      name: 'Robot',
      scopes: ['read', 'measure'],
    });
  });

  it('says what is wrong with a key that has no field for it', async () => {
    const wrong = {
      field: 'number',
      message: 'is not allowed',
      detail: 'number is not allowed',
      pointer: '/number',
    };
    serve({
      [KEYS]: () => json({ items: [] }),
      'POST /api/v1/users/me/keys': () =>
        problem({ status: 400, code: 'invalid_request', detail: wrong.detail, errors: [wrong] }),
    });
    const { user } = await show(<Keys admin={false} />);
    await user.click(screen.getByRole('button', { name: 'Make key' }));
    expect((await screen.findByRole('alert')).textContent).toContain('number is not allowed');
  });
});
