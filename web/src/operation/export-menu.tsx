import * as Menu from '@radix-ui/react-dropdown-menu';
import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { problemOf } from '../api/problem.js';
import { saveFile } from '../ui/save-file.js';

const FORMATS = [
  ['json', 'JSON', 'a page of 1,000 results, with their figures'],
  ['ndjson', 'NDJSON', 'all results, one a line'],
  ['csv', 'CSV', 'all results, a row for each figure'],
] as const;
type Format = (typeof FORMATS)[number][0];

async function load(
  id: string,
  format: Format,
  from: string | undefined,
  to: string | undefined,
): Promise<Blob> {
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const query = format === 'json' ? { limit: 1_000, ...range } : { format, ...range };
  const blob = await answer(
    api.GET('/api/v1/operations/{id}/results', { params: { path: { id }, query }, parseAs: 'blob' }),
  );
  return blob;
}

/** Takes results away, of the range that the page shows. */
export function ExportMenu({
  id,
  from,
  to,
}: {
  id: string;
  from?: string | undefined;
  to?: string | undefined;
}): ReactNode {
  const [said, setSaid] = useState('');
  const take = async (format: Format): Promise<void> => {
    setSaid('Loading');
    try {
      saveFile(await load(id, format, from, to), `operation-${id}.${format}`);
      setSaid('');
    } catch (error) {
      setSaid(`The export failed: ${problemOf(error).message}`);
    }
  };
  return (
    <>
      <span className="small muted" role="status">
        {said}
      </span>
      <Menu.Root>
        <Menu.Trigger className="button">Export</Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="end" sideOffset={4}>
            {FORMATS.map(([format, name, hint]) => (
              <Menu.Item key={format} textValue={name} aria-label={name} onSelect={() => void take(format)}>
                {name}
                <small>{hint}</small>
              </Menu.Item>
            ))}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
    </>
  );
}
