import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { type ApiProblem, problemOf } from '../api/problem.js';
import { Dialog } from './dialog.js';
import { Button, Problem } from './parts.js';

type Tone = 'normal' | 'primary' | 'danger' | 'plain';

/** What was wrong at the last try, if anything. */
export function wrongOf(error: unknown): ApiProblem | undefined {
  return error === null || error === undefined ? undefined : problemOf(error);
}

/** @returns for a form: when it was refused, the keyboard goes on in the first field that is wrong, and what is wrong is read out */
export function useFirstWrong(error: unknown): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [error]);
  return form;
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
  const form = useFirstWrong(deed.error);
  // what is wrong with something that the dialog does not ask for is said all the same
  const [unsaid, setUnsaid] = useState(false);
  useEffect(() => {
    setUnsaid(deed.error !== null && form.current?.querySelector('[aria-invalid=true]') === null);
  }, [deed.error, form]);
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
          ref={form}
          className="form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            deed.mutate();
          }}
        >
          {fields?.(problem)}
          {problem !== undefined && unsaid && <Problem error={problem} />}
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
