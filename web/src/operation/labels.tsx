import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import type { Operation } from '../api/queries.js';
import { AskFirst } from '../ui/action.js';
import { TextField } from '../ui/inputs.js';

/** What people know a measurement by, changed by its owner. */
export function ChangeLabels({
  operation: { id, description, tags, revision },
}: {
  operation: Operation;
}): ReactNode {
  const [text, setText] = useState(description ?? '');
  const [list, setList] = useState(tags.join(', '));
  return (
    <AskFirst
      button="Change"
      tone="normal"
      title="Change this measurement"
      description="How people know it. What it measures stays as it is."
      confirm="Save"
      onOpen={() => {
        setText(description ?? '');
        setList(tags.join(', '));
      }}
      act={() =>
        answer(
          api.PATCH('/api/v1/operations/{id}', {
            params: { path: { id }, header: { 'If-Match': `"${revision}"` } },
            body: { description: text.trim(), tags: list.split(/[\s,]+/).filter(Boolean) },
          }),
        )
      }
      fields={(problem) => (
        <>
          <TextField
            label="Description"
            hint="Its heading; empty: its kind and target."
            value={text}
            onText={setText}
            wrong={problem?.of('description')}
          />
          <TextField
            label="Tags"
            hint="Separated by commas or spaces."
            value={list}
            onText={setList}
            wrong={problem?.of('tags')}
          />
        </>
      )}
    />
  );
}
