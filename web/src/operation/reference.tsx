import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** What an entry of the ledger was for: a link where it is an operation; of what else it was, its reason says enough. */
export function OperationReference({ reference }: { reference: string }): ReactNode {
  const [, id] = /^(?:operation|stop):([0-9a-f]{24})/.exec(reference) ?? [];
  if (id === undefined) return null;
  return (
    <Link to="/operations/$id" params={{ id }} search={{}} className="small mono">
      {id}
    </Link>
  );
}
