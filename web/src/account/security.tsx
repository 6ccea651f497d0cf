import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { PASSWORD_RULE } from '../../generated/texts.js';
import { answer, api } from '../api/client.js';
import { type ApiProblem } from '../api/problem.js';
import { session } from '../session/session.js';
import { AskFirst, Rest, useFirstWrong, wrongOf } from '../ui/action.js';
import { TextField } from '../ui/inputs.js';
import { Button, Panel } from '../ui/parts.js';

/** What the server says of a field; that the present password is another, it says of the whole. */
function presentOf(problem: ApiProblem | undefined): string | undefined {
  if (problem?.code === 'forbidden') return 'is not the present one';
  return problem?.of('password');
}

function restOf(problem: ApiProblem | undefined): ApiProblem | undefined {
  return problem?.code === 'forbidden' ? undefined : problem;
}

export function Password(): ReactNode {
  const [password, setPassword] = useState('');
  const [fresh, setFresh] = useState('');
  const change = useMutation({
    mutationFn: () =>
      answer(api.PUT('/api/v1/users/me/password', { body: { password, new_password: fresh } })),
    onSuccess: ({ access_token }) => {
      // all tokens have ended; this is the only one that is left
      session.begin(access_token);
      setPassword('');
      setFresh('');
    },
  });
  const wrong = wrongOf(change.error);
  const form = useFirstWrong(change.error);
  return (
    <Panel title="Password">
      <form
        ref={form}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <TextField
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={password}
          onText={setPassword}
          wrong={presentOf(wrong)}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          hint={PASSWORD_RULE}
          value={fresh}
          onText={setFresh}
          wrong={wrong?.of('new_password')}
        />
        <Rest problem={restOf(wrong)} fields={['password', 'new_password']} />
        {change.data !== undefined && (
          <p className="notice good" role="status">
            Changed. Everybody else who was logged in is logged out; keys stay.
          </p>
        )}
        <div className="actions">
          <Button type="submit" disabled={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Panel>
  );
}

export function Email({ present }: { present: string }): ReactNode {
  const queries = useQueryClient();
  const [password, setPassword] = useState('');
  const [email, setEmail] = useState('');
  const change = useMutation({
    mutationFn: () => answer(api.PUT('/api/v1/users/me/email', { body: { password, email } })),
    onSuccess: async () => {
      setPassword('');
      setEmail('');
      await queries.invalidateQueries({ queryKey: ['me'] });
    },
  });
  const wrong = wrongOf(change.error);
  const form = useFirstWrong(change.error);
  const taken = wrong?.code === 'email_taken';
  return (
    <Panel title="E-mail">
      <form
        ref={form}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <TextField
          label="New e-mail"
          type="email"
          autoComplete="email"
          hint={`Now: ${present}`}
          value={email}
          onText={setEmail}
          wrong={taken ? 'has an account already' : wrong?.of('email')}
        />
        <TextField
          label="Password for it"
          type="password"
          autoComplete="current-password"
          value={password}
          onText={setPassword}
          wrong={presentOf(wrong)}
        />
        <Rest problem={taken ? undefined : restOf(wrong)} fields={['password', 'email']} />
        {change.data !== undefined && (
          <p className="notice good" role="status">
            Changed: log in with {change.data.email} from now on.
          </p>
        )}
        <div className="actions">
          <Button type="submit" disabled={change.isPending}>
            Change e-mail
          </Button>
        </div>
      </form>
    </Panel>
  );
}

/** Ends that cannot be taken back. */
export function Ends(): ReactNode {
  const navigate = useNavigate();
  const [password, setPassword] = useState('');
  const leave = async (): Promise<void> => {
    session.leave();
    await navigate({ to: '/login', search: { next: undefined } });
  };
  return (
    <Panel title="Leave">
      <div className="stack">
        <div>
          <p>Ends every session of this account: this one, and those of other browsers. Keys stay.</p>
          <div className="actions">
            <AskFirst
              button="Log out everywhere"
              title="Log out everywhere?"
              description="Every browser that is logged in has to log in again, this one too."
              confirm="Log out all sessions"
              tone="normal"
              act={() => answer(api.POST('/api/v1/auth/logout-everywhere'))}
              onDone={leave}
            />
          </div>
        </div>
        <div>
          <p>
            Deletes the account for good: e-mail, password, keys and picture go at once, operations stop,
            private results are deleted, probes are retired, credits lapse. What was measured in public stays,
            under an id that is nobody’s.
          </p>
          <div className="actions">
            <AskFirst
              button="Delete account"
              title="Delete this account for good?"
              description="It cannot be taken back."
              confirm="Delete for good"
              act={() => answer(api.POST('/api/v1/users/me/delete', { body: { password } }))}
              onDone={leave}
              fields={(problem) => (
                <TextField
                  label="Your password"
                  type="password"
                  autoComplete="current-password"
                  value={password}
                  onText={setPassword}
                  wrong={presentOf(problem)}
                />
              )}
            />
          </div>
        </div>
      </div>
    </Panel>
  );
}
