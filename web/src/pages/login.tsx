import { useMutation } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { PASSWORD_RULE } from '../../generated/texts.js';
import { answer, api } from '../api/client.js';
import { type ApiProblem, problemOf } from '../api/problem.js';
import { session } from '../session/session.js';
import { useFirstWrong } from '../ui/action.js';
import { Button, Field, Head, Problem } from '../ui/parts.js';
import { FirstRun } from '../ui/first-run.js';

interface Credentials {
  email: string;
  password: string;
}

async function logIn(body: Credentials): Promise<string> {
  const { access_token } = await answer(api.POST('/api/v1/auth/login', { body }));
  return access_token;
}

async function register(body: Credentials): Promise<string> {
  await answer(api.POST('/api/v1/auth/register', { body }));
  return logIn(body);
}

/** @returns where to go on: only pages of ours, whatever the address says */
function onward(next: string | undefined): string {
  return next?.startsWith('/') === true && !next.startsWith('//') ? next : '/';
}

export function LoginPage(): ReactNode {
  const { next } = getRouteApi('/login').useSearch();
  return (
    <div className="narrow stack">
      <Head title="Log in" />
      {session.ended() === 'expired' && (
        <div className="notice warn" role="status">
          Your session is over. Log in again; you go on where you were.
        </div>
      )}
      <FirstRun />
      <Form action={logIn} button="Log in" next={next} />
      <p>
        No account yet?{' '}
        <Link to="/register" search={{ next }}>
          Open one
        </Link>
        .
      </p>
    </div>
  );
}

export function RegisterPage(): ReactNode {
  const { next } = getRouteApi('/register').useSearch();
  return (
    <div className="narrow stack">
      <Head title="Create account" />
      <Form action={register} button="Create account" next={next} rule={PASSWORD_RULE} />
      <p>
        You have one already?{' '}
        <Link to="/login" search={{ next }}>
          Log in
        </Link>
        .
      </p>
    </div>
  );
}

function Form({
  action,
  button,
  next,
  rule,
}: {
  action: (body: Credentials) => Promise<string>;
  button: string;
  next: string | undefined;
  rule?: string;
}): ReactNode {
  const router = useRouter();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const fresh = rule !== undefined;
  const send = useMutation({
    mutationFn: action,
    onSuccess: (token) => {
      session.begin(token);
      router.history.push(`/app${onward(next)}`);
    },
  });
  const wrong = send.error === null ? undefined : problemOf(send.error);
  const form = useFirstWrong(send.error);
  return (
    <form
      ref={form}
      className="form panel in-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate({ email, password });
      }}
    >
      <Field label="E-mail" wrong={fieldOf(wrong, 'email', email)}>
        {(describing) => (
          <input
            {...describing}
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => {
              setEmail(event.target.value);
            }}
          />
        )}
      </Field>
      <Field label="Password" {...(fresh && { hint: rule })} wrong={fieldOf(wrong, 'password', password)}>
        {(describing) => (
          <input
            {...describing}
            type="password"
            name="password"
            autoComplete={fresh ? 'new-password' : 'current-password'}
            required
            value={password}
            onChange={(event) => {
              setPassword(event.target.value);
            }}
          />
        )}
      </Field>
      {wrong !== undefined && wrong.errors.length === 0 && <Refusal problem={wrong} />}
      <div className="actions">
        <Button type="submit" tone="primary" disabled={send.isPending}>
          {button}
        </Button>
      </div>
    </form>
  );
}

/** What is wrong with a field: what the server says of it. */
function fieldOf(problem: ApiProblem | undefined, field: string, value: string): string | undefined {
  const message = problem?.of(field);
  if (message !== undefined) return value === '' ? 'must not be empty' : message;
  return problem?.code === 'email_taken' && field === 'email'
    ? 'has an account already: log in, or take another'
    : undefined;
}

function Refusal({ problem }: { problem: ApiProblem }): ReactNode {
  if (problem.code === 'email_taken') return null;
  if (problem.code !== 'wrong_credentials') return <Problem error={problem} />;
  return (
    <p className="wrong" role="alert">
      There is no account with this e-mail and this password.
    </p>
  );
}
