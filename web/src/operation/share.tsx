import { useState, type ReactNode } from 'react';
import type { Operation } from '../api/queries.js';
import { Dialog } from '../ui/dialog.js';
import { Button } from '../ui/parts.js';
import { Copy } from '../ui/copy.js';

/** What is shown, as an address for others, and as a frame for their pages. */
export function ShareMenu({ operation: { id, visibility } }: { operation: Operation }): ReactNode {
  const [open, setOpen] = useState(false);
  const here = open ? location.href.replace(/#.*/, '') : '';
  const search = open ? location.search : '';
  const frame = `<iframe src="${location.origin}/app/embed/operations/${id}${search}" width="800" height="420" title="Measurement"></iframe>`;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Share</Button>
      <Dialog open={open} onOpenChange={setOpen} title="Share this measurement">
        <p>This address shows what you see: the range, the probes, the axis.</p>
        <code className="command">{here}</code>
        <Copy text={here} />
        {visibility === 'public' ? (
          <>
            <p>
              The plot for a page of yours. Frames are allowed where the operator of this server says so
              (FRAME_ANCESTORS).
            </p>
            <code className="command">{frame}</code>
            <Copy text={frame} />
          </>
        ) : (
          <p className="muted">It is private: others see it only if they are logged in as its owner.</p>
        )}
        <div className="actions">
          <Button onClick={() => setOpen(false)}>Close</Button>
        </div>
      </Dialog>
    </>
  );
}
