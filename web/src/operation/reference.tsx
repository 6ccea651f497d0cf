import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** What an entry of the ledger was for, as a link where it is an operation. */
export function OperationReference({ reference }: { reference: string }): ReactNode {
  const [, id] = /^(?:operation|stop):([0-9a-f]{24})/.exec(reference) ?? [];
  if (id === undefined) return <span className="small muted mono">{reference}</span>;
  return (
    <Link to="/operations/$id" params={{ id }} search={{}} className="small mono">
      {id}
    </Link>
  );
}
