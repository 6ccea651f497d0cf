import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { ImportsTable } from '../imports/table.js';
import { RequireSession } from '../ui/require.js';
import { wrongOf } from '../ui/action.js';
import { Button, Head, Panel, Problem } from '../ui/parts.js';

export function ImportsPage(): ReactNode {
  return (
    <RequireSession title="Imports">
      <div className="stack">
        <Head title="Imports" sub="Measurements made elsewhere, brought in as files." />
        <Upload />
        <Panel title="Jobs" bare>
          <ImportsTable />
        </Panel>
      </div>
    </RequireSession>
  );
}

function Upload(): ReactNode {
  const id = useId();
  const queries = useQueryClient();
  const [file, setFile] = useState<File>();
  const send = useMutation({
    mutationFn: (sent: File) =>
      answer(
        api.POST('/api/v1/imports', {
          params: { query: { name: sent.name } },
          body: sent as never,
          bodySerializer: () => sent,
          headers: { 'Content-Type': 'application/octet-stream' },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['imports'] });
    },
  });
  const wrong = wrongOf(send.error);
  return (
    <Panel title="Import a file">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (file !== undefined) send.mutate(file);
        }}
      >
        <div className="field">
          <label htmlFor={id}>File</label>
          <input id={id} type="file" onChange={({ target }) => setFile(target.files?.[0])} />
          <div className="hint">
            warts, or exports of this platform as NDJSON or JSON; as they are, or packed by gzip, bzip2, xz or
            zstd. The same content is imported once; what has failed is tried again.
          </div>
        </div>
        {wrong !== undefined && <Problem error={wrong} />}
        {send.data !== undefined && (
          <p className="notice good" role="status">
            {send.data.name} has come, and is imported in the background.
          </p>
        )}
        <div className="actions">
          <Button type="submit" tone="primary" disabled={file === undefined || send.isPending}>
            {send.isPending ? 'Sending' : 'Import'}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
