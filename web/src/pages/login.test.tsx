import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { PASSWORD_RULE } from '../../generated/texts.js';
import { anAccount } from '../../test/made.js';
import { json, problem, requests, serve } from '../../test/server.js';
import { open } from '../../test/show.js';
import { session } from '../session/session.js';

const ME = { 'GET /api/v1/users/me': () => json(anAccount()) };
const none = () => json({ items: [], next: null });
const OVERVIEW = {
  'GET /api/v1/operations': none,
  'GET /api/v1/probes': none,
  'GET /api/v1/stats': () => problem({ status: 503, code: 'busy', detail: 'Busy' }),
};
const LOGIN = 'POST /api/v1/auth/login';
const REGISTER = 'POST /api/v1/auth/register';
const platform = (has_superuser = true) => ({
  'GET /api/v1/platform': () => json({ has_superuser, credits: 'on' }),
});

const mail = () => screen.findByRole<HTMLInputElement>('textbox', { name: 'E-mail' });
const button = (name: string): HTMLElement =>
  // the other one leads to the page
  screen.getByRole('button', { name });

describe('creating an account', () => {
  it('shows the rule for passwords before it is broken', async () => {
    await open('/register');
    const field = await screen.findByLabelText('Password');
    expect(field.getAttribute('aria-invalid')).toBeNull();
    const about = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    expect(about?.textContent).toBe(PASSWORD_RULE);
    expect(field.getAttribute('autocomplete')).toBe('new-password');
  });

  it('shows what is wrong beside each field, and goes to the first', async () => {
    serve({
      [REGISTER]: () =>
        problem({
          status: 400,
          code: 'invalid_request',
          detail: 'email must be an e-mail address',
          errors: [
            {
              pointer: '/email',
              field: 'email',
              message: 'must be an e-mail address',
              detail: 'email must be an e-mail address',
            },
            {
              pointer: '/password',
              field: 'password',
              message: 'must have a digit',
              detail: 'password must have a digit',
            },
          ],
        }),
    });
    const { user } = await open('/register');
    await user.type(await mail(), 'nobody');
    await user.type(screen.getByLabelText('Password'), 'Password!');
    await user.click(button('Create account'));
    const wrong = await screen.findByRole('textbox', {
      name: 'E-mail',
      description: /must be an e-mail address/,
    });
    const password = screen.getByLabelText('Password');
    const notes = (password.getAttribute('aria-describedby') ?? '').split(' ');
    expect(notes.map((id) => document.getElementById(id)?.textContent)).toEqual([
      PASSWORD_RULE,
      'Password must have a digit',
    ]);
    expect(document.activeElement).toBe(wrong);
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('says that an e-mail is taken beside it', async () => {
    serve({ [REGISTER]: () => problem({ status: 409, code: 'email_taken', detail: 'Taken' }) });
    const { user } = await open('/register');
    await user.type(await mail(), 'ann@example.org');
    await user.click(button('Create account'));
    expect(
      await screen.findByRole('textbox', { name: 'E-mail', description: /has an account already/ }),
    ).toBe(document.activeElement);
  });
});

describe('logging in', () => {
  it('goes on where one was', async () => {
    serve({
      ...platform(),
      ...ME,
      [LOGIN]: () => json({ access_token: 'token-1' }),
      'GET /api/v1/operations': () => json({ items: [], next: null }),
    });
    const { user, address } = await open('/login?next=%2Foperations%3Fkind%3Ddns');
    await user.type(await mail(), 'ann@example.org');
    await user.type(screen.getByLabelText('Password'), 'Secret-1!');
    await user.keyboard('{Enter}');
    expect(await screen.findByRole('heading', { name: 'Operations' })).toBeTruthy();
    expect(address()).toBe('/operations?kind=dns');
    expect(session.token()).toBe('token-1');
    expect(await requests(LOGIN)[0]?.json()).toEqual({ email: 'ann@example.org', password: 'Secret-1!' });
  });

  it.each(['//evil.example', 'https://evil.example', '/\\evil.example'])(
    'never goes on to %s, which is no page of ours',
    async (next) => {
      serve({ ...platform(), ...ME, ...OVERVIEW, [LOGIN]: () => json({ access_token: 'token-1' }) });
      const { user, history } = await open(`/login?next=${encodeURIComponent(next)}`);
      await user.type(await mail(), 'ann@example.org');
      await user.click(button('Log in'));
      await waitFor(() => expect(history.location.pathname).not.toBe('/app/login'));
      expect(new URL(history.location.href, 'https://here.example/').href).toMatch(
        /^https:\/\/here\.example\/app\//,
      );
    },
  );

  it('does not say which of the two was wrong', async () => {
    serve({
      ...platform(),
      [LOGIN]: () => problem({ status: 401, code: 'wrong_credentials', detail: 'Wrong credentials' }),
    });
    const { user } = await open('/login');
    await user.type(await mail(), 'ann@example.org');
    await user.click(button('Log in'));
    expect((await screen.findByRole('alert')).textContent).toBe(
      'There is no account with this e-mail and this password.',
    );
  });

  it('says on a new server how the first superuser is made, and on no other', async () => {
    serve(platform(false));
    await open('/login');
    expect(await screen.findByText(/npm run superuser -- create/)).toBeTruthy();
  });
});
