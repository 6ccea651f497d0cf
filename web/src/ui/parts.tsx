import { useId, type ComponentProps, type ReactNode } from 'react';
import { type ApiProblem, problemOf } from '../api/problem.js';
import { localTime, utcTime } from './format.js';

/** A moment in the reader's zone, and in UTC when pointed at. */
export function Time({ at }: { at: string | null | undefined }): ReactNode {
  if (at === null || at === undefined) return <span className="muted">never</span>;
  const [day, moment] = localTime(at).split(' ');
  return (
    <time className="nowrap" dateTime={at} title={utcTime(at)}>
      {/* where it takes two lines, each of the two stays whole */}
      <span className="nowrap">{day}</span> <span className="nowrap">{moment}</span>
    </time>
  );
}

export function Panel({
  title,
  aside,
  children,
  label,
  bare = false,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  label?: string;
  /** without a margin: for what fills it */
  bare?: boolean;
}): ReactNode {
  const id = useId();
  return (
    <section
      className="panel"
      {...(label === undefined ? { 'aria-labelledby': id } : { 'aria-label': label })}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {bare ? children : <div className="in">{children}</div>}
    </section>
  );
}

export function Head({
  title,
  sub,
  children,
}: {
  title: ReactNode;
  sub?: ReactNode;
  children?: ReactNode;
}): ReactNode {
  return (
    <div className="head">
      <div>
        <h1>{title}</h1>
        {sub !== undefined && <div className="sub">{sub}</div>}
      </div>
      {children !== undefined && <div className="actions">{children}</div>}
    </div>
  );
}

type Describing = { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean };

/** A label, its control, a hint, and what is wrong with it, all of which belong together for those who do not see them. */
export function Field({
  label,
  hint,
  wrong,
  wide = false,
  children,
}: {
  label: string;
  hint?: ReactNode;
  wrong?: string | undefined;
  wide?: boolean;
  children: (describing: Describing) => ReactNode;
}): ReactNode {
  const id = useId();
  const notes = [hint !== undefined && `${id}-hint`, wrong !== undefined && `${id}-wrong`]
    .filter(Boolean)
    .join(' ');
  return (
    <div className={wide ? 'field wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(notes !== '' && { 'aria-describedby': notes }),
        ...(wrong !== undefined && { 'aria-invalid': true }),
      })}
      {hint !== undefined && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {wrong !== undefined && (
        <div className="wrong" id={`${id}-wrong`}>
          {label} {wrong}
        </div>
      )}
    </div>
  );
}

export function Button({
  tone = 'normal',
  size = 'normal',
  className = '',
  ...rest
}: ComponentProps<'button'> & {
  tone?: 'normal' | 'primary' | 'danger' | 'plain';
  size?: 'normal' | 'small';
}): ReactNode {
  return (
    <button
      type="button"
      className={`button ${tone} ${size === 'small' ? 'small' : ''} ${className}`}
      {...rest}
    />
  );
}

const ADVICE: Record<string, string> = {
  away: 'It may be restarting, or your connection is down. The page asks again by itself.',
  busy: 'It is busy. Try again in a moment.',
  unauthenticated: 'Log in to see this.',
  forbidden: 'Your account may not do this.',
  not_found: 'It does not exist, or it is private. Check the address, or log in as its owner.',
  internal: 'Try again. If it stays so, tell whoever runs this server, with the id below.',
};

/** What went wrong, what to try, and the id under which the server's log has it. */
export function Problem({
  error,
  retry,
}: {
  error: unknown;
  retry?: (() => unknown) | undefined;
}): ReactNode {
  const problem = problemOf(error);
  return (
    <div className="notice bad" role="alert">
      <strong>{problem.message}.</strong> {ADVICE[problem.code] ?? ''}
      <RequestId problem={problem} />
      {retry !== undefined && (
        <div className="actions">
          <Button size="small" onClick={() => void retry()}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}

function RequestId({ problem }: { problem: ApiProblem }): ReactNode {
  if (problem.requestId === undefined) return null;
  return (
    <p className="small muted">
      Request <code>{problem.requestId}</code>
    </p>
  );
}

/** What stands where there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Has the height of what is to come, so that nothing jumps. */
export function Loading({ lines = 5 }: { lines?: number }): ReactNode {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_each, line) => (
        <i key={line} />
      ))}
    </div>
  );
}

export interface Query<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** One of: what was asked for, that it is on its way, or why it cannot be had. What was shown stays while it is asked again. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  query: Query<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) {
    return (
      <>
        {query.error !== null && <Stale />}
        {children(query.data)}
      </>
    );
  }
  if (query.error !== null) return <Problem error={query.error} retry={query.refetch} />;
  return <Loading {...(lines !== undefined && { lines })} />;
}

function Stale(): ReactNode {
  return (
    <p className="live off" role="status">
      The server does not answer; this is how it was. Trying again.
    </p>
  );
}

export function State({ state }: { state: string }): ReactNode {
  return <span className={`state ${state}`}>{state}</span>;
}

/** One of several, side by side. */
export function Segments<T extends string>({
  label,
  name,
  options,
  value,
  onChange,
}: {
  label: string;
  name: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChange: (value: T) => void;
}): ReactNode {
  return (
    <fieldset className="segments" role="radiogroup" aria-label={label}>
      {options.map(([each, text]) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={each === value}
            onChange={() => {
              onChange(each);
            }}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
