import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import type { Probe } from '../api/queries.js';
import { AskFirst } from '../ui/action.js';
import { TextField } from '../ui/inputs.js';

/** For superusers: a probe gets no work, or gets work again. */
export function Suspend({ probe: { id, suspended_at } }: { probe: Probe }): ReactNode {
  const [reason, setReason] = useState('');
  const params = { path: { id } };
  if (suspended_at !== null)
    return (
      <AskFirst
        button="Let in again"
        tone="normal"
        title="Let this probe in again?"
        description="With the token that it has."
        confirm="Let in"
        act={() => answer(api.POST('/api/v1/probes/{id}/unsuspend', { params }))}
      />
    );
  return (
    <AskFirst
      button="Suspend"
      title="Suspend this probe?"
      description="It is cut off, not let in, and gets no work; its host is told the reason. Its results stay."
      confirm="Suspend probe"
      act={() => answer(api.POST('/api/v1/probes/{id}/suspend', { params, body: { reason: reason.trim() } }))}
      fields={(problem) => (
        <TextField label="Reason" value={reason} onText={setReason} wrong={problem?.of('reason')} />
      )}
    />
  );
}
