import type { ReactNode } from 'react';

/** What narrows the list below it: its members act at once, and nothing is sent. */
export function FilterForm({ children }: { children: ReactNode }): ReactNode {
  return (
    <form className="filters" role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      {children}
    </form>
  );
}

/** @returns for a SelectField: any of these values, or no condition */
export function orAll(values: readonly string[]): (readonly [string, string])[] {
  return [['', 'all'], ...values.map((each) => [each, each] as const)];
}
