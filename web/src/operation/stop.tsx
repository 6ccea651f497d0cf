import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { Dialog } from '../ui/dialog.js';
import { Button, Problem } from '../ui/parts.js';

/** Ends a measurement, after it was asked whether that is meant. */
export function Stop({ id }: { id: string }): ReactNode {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v1/operations/{id}', { params: { path: { id } } })),
    onSuccess: async (operation) => {
      queries.setQueryData(['operation', id], operation);
      setOpen(false);
      await queries.invalidateQueries();
    },
  });
  return (
    <>
      <Button tone="danger" onClick={() => setOpen(true)}>
        Stop measurement
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Stop this measurement?"
        description="No further run is made, and runs that were not due yet are paid back. What was measured stays. It cannot be started again."
      >
        {stop.error !== null && <Problem error={stop.error} />}
        <div className="actions">
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button tone="danger" disabled={stop.isPending} onClick={() => stop.mutate()}>
            Stop
          </Button>
        </div>
      </Dialog>
    </>
  );
}
