import * as Menu from '@radix-ui/react-dropdown-menu';
import { FORMATS } from '../../generated/texts.js';
import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import type { Operation, ResultFormat } from '../api/queries.js';
import { problemOf } from '../api/problem.js';
import { saveFile } from '../ui/save-file.js';

/** What people call formats; one that is not here goes by its own name. */
const NAMES: Partial<Record<ResultFormat, readonly [string, string]>> = {
  json: ['JSON', 'the first 1,000 results, with their figures'],
  ndjson: ['NDJSON', 'all results, one a line'],
  csv: ['CSV', 'all results, a row for each figure'],
  parquet: ['Parquet', 'all results, as columns'],
  warts: ['warts', 'all results, as scamper writes them'],
  atlas: ['Atlas', 'all results, as RIPE Atlas writes them in JSON'],
};

/** How the files of formats end that do not end in their names. */
const ENDINGS: Partial<Record<ResultFormat, string>> = { atlas: 'atlas.json' };

async function load(
  id: string,
  format: ResultFormat,
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

/** Takes results away, of the range that the page shows, in each format that the API has of the kind. */
export function ExportMenu({
  operation: { id, kind },
  from,
  to,
}: {
  operation: Pick<Operation, 'id' | 'kind'>;
  from?: string | undefined;
  to?: string | undefined;
}): ReactNode {
  const [said, setSaid] = useState('');
  const take = async (format: ResultFormat): Promise<void> => {
    setSaid('Loading');
    try {
      saveFile(await load(id, format, from, to), `operation-${id}.${ENDINGS[format] ?? format}`);
      setSaid('');
    } catch (error) {
      setSaid(`The export failed: ${problemOf(error).message}`);
    }
  };
  return (
    <>
      <span className={said === '' ? 'visually-hidden' : 'small muted'} role="status">
        {said}
      </span>
      <Menu.Root>
        <Menu.Trigger className="button">Export</Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="end" sideOffset={4}>
            {(FORMATS[kind] ?? []).map((format) => {
              const [name, hint] = NAMES[format] ?? [format, 'all results'];
              return (
                <Menu.Item key={format} textValue={name} aria-label={name} onSelect={() => void take(format)}>
                  {name}
                  <small>{hint}</small>
                </Menu.Item>
              );
            })}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
    </>
  );
}
