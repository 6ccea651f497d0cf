import type { ReactNode } from 'react';

export interface Column<T> {
  head: ReactNode;
  cell: (item: T) => ReactNode;
  /** figures stand to the right */
  right?: boolean;
  /** names the row for those who do not see the table */
  names?: boolean;
  className?: string;
}

/** A table that scrolls in its own frame, by keyboard too: `label` says what it holds. */
export function DataTable<T>({
  label,
  columns,
  items,
  keyOf,
  tall = false,
}: {
  label: string;
  columns: readonly Column<T>[];
  items: readonly T[];
  keyOf: (item: T) => string;
  tall?: boolean;
}): ReactNode {
  return (
    <Scroll label={label} tall={tall}>
      <table className="lines">
        <thead>
          <tr>
            {columns.map(({ head, right }, index) => (
              <th key={index} scope="col" className={right === true ? 'right' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map((column, index) => (
                <Cell key={index} column={column} item={item} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Cell<T>({ column, item }: { column: Column<T>; item: T }): ReactNode {
  const { cell, right, names, className } = column;
  const looks = [right === true && 'right', names === true && 'name-cell', className]
    .filter(Boolean)
    .join(' ');
  if (names !== true) return <td className={looks}>{cell(item)}</td>;
  return (
    <th scope="row" className={looks}>
      {cell(item)}
    </th>
  );
}

/** What may be wider than the page. A group and no region: the regions of a page are its panels. */
export function Scroll({
  label,
  tall = false,
  children,
}: {
  label: string;
  tall?: boolean;
  children: ReactNode;
}): ReactNode {
  return (
    <div className={tall ? 'scroll tall' : 'scroll'} role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
