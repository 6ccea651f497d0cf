import { screen, within } from '@testing-library/react';
import { useState, type ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { show } from '../../test/show.js';
import { ApiProblem } from '../api/problem.js';
import { AskFirst } from './action.js';
import { TextField } from './inputs.js';

function Suspend({ act }: { act: (reason: string) => Promise<unknown> }): ReactNode {
  const [reason, setReason] = useState('');
  return (
    <AskFirst
      button="Suspend"
      label="Suspend ann@example.org"
      title="Suspend ann@example.org?"
      description="Nobody enters the account any more."
      confirm="Suspend account"
      act={() => act(reason)}
      fields={(problem) => (
        <TextField label="Reason" value={reason} onText={setReason} wrong={problem?.of('reason')} />
      )}
    />
  );
}

const opener = (): HTMLElement => screen.getByRole('button', { name: 'Suspend ann@example.org' });

async function ask(act: (reason: string) => Promise<unknown>) {
  const { user } = await show(<Suspend act={act} />);
  await user.click(opener());
  return { user, dialog: within(screen.getByRole('dialog', { name: 'Suspend ann@example.org?' })) };
}

describe('AskFirst', () => {
  it('does nothing before it was answered, says what will be, and begins in what it asks for', async () => {
    const act = vi.fn(() => Promise.resolve());
    const { user, dialog } = await ask(act);
    expect(act).not.toHaveBeenCalled();
    expect(dialog.getByText('Nobody enters the account any more.')).toBeTruthy();
    expect(document.activeElement).toBe(dialog.getByLabelText('Reason'));
    await user.keyboard('spam');
    await user.click(dialog.getByRole('button', { name: 'Suspend account' }));
    expect(act.mock.calls).toEqual([['spam']]);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it.each(['Escape', 'Cancel'])('takes %s for no, and gives the keyboard back', async (way) => {
    const act = vi.fn(() => Promise.resolve());
    const { user, dialog } = await ask(act);
    if (way === 'Escape') await user.keyboard('{Escape}');
    else await user.click(dialog.getByRole('button', { name: way }));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(act).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(opener());
  });

  it('stays open where it failed, with what was wrong beside its field', async () => {
    const { user, dialog } = await ask(() => Promise.reject(ApiProblem.at('reason', 'must not be empty')));
    await user.click(dialog.getByRole('button', { name: 'Suspend account' }));
    const reason = await dialog.findByRole('textbox', {
      name: 'Reason',
      description: 'Reason must not be empty',
    });
    expect(reason.getAttribute('aria-invalid')).toBe('true');
    expect(dialog.queryByRole('alert')).toBeNull();
  });

  it('shows what no field of it is about', async () => {
    const { user, dialog } = await ask(() => Promise.reject(ApiProblem.at('id', 'must be an id')));
    await user.click(dialog.getByRole('button', { name: 'Suspend account' }));
    expect((await dialog.findByRole('alert')).textContent).toContain('id must be an id');
  });

  it('forgets what failed when it is opened again', async () => {
    const { user, dialog } = await ask(() => Promise.reject(ApiProblem.away()));
    await user.click(dialog.getByRole('button', { name: 'Suspend account' }));
    await dialog.findByRole('alert');
    await user.keyboard('{Escape}');
    await user.click(opener());
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
