import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { type ApiProblem, problemOf } from '../api/problem.js';
import { Dialog } from './dialog.js';
import { Button, Problem } from './parts.js';

type Tone = 'normal' | 'primary' | 'danger' | 'plain';

/** What was wrong at the last try, if anything. */
export function wrongOf(error: unknown): ApiProblem | undefined {
  return error === null || error === undefined ? undefined : problemOf(error);
}

/** What of a problem no field shows. */
export function Rest({
  problem,
  fields = [],
}: {
  problem: ApiProblem | undefined;
  fields?: string[];
}): ReactNode {
  if (problem === undefined) return null;
  const shown = problem.errors.length > 0 && problem.errors.every(({ field }) => fields.includes(field));
  return shown ? null : <Problem error={problem} />;
}

/** A button that asks in a dialog before it does something; `fields` are what the dialog asks for, and get what was wrong. */
export function AskFirst({
  button,
  label,
  title,
  description,
  confirm,
  tone = 'danger',
  size = 'normal',
  act,
  onOpen,
  onDone,
  fields,
}: {
  button: string;
  /** where several buttons of a page have the same text */
  label?: string;
  title: string;
  description?: ReactNode;
  confirm: string;
  tone?: Tone;
  size?: 'normal' | 'small';
  act: () => Promise<unknown>;
  /** before the dialog is shown: for what its fields begin with */
  onOpen?: () => void;
  onDone?: () => unknown;
  fields?: (problem: ApiProblem | undefined) => ReactNode;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const deed = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries();
      await onDone?.();
    },
  });
  const problem = wrongOf(deed.error);
  return (
    <>
      <Button
        tone={tone}
        size={size}
        {...(label !== undefined && { 'aria-label': label })}
        onClick={() => {
          deed.reset();
          onOpen?.();
          setOpen(true);
        }}
      >
        {button}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={title} description={description}>
        <form
          className="form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            deed.mutate();
          }}
        >
          {fields?.(problem)}
          {problem !== undefined && (problem.errors.length === 0 || fields === undefined) && (
            <Problem error={problem} />
          )}
          <div className="actions">
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" tone={tone === 'plain' ? 'primary' : tone} disabled={deed.isPending}>
              {confirm}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
