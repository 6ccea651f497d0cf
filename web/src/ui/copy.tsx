import { useState, type ReactNode } from 'react';
import { Button } from './parts.js';

export function Copy({ text }: { text: string }): ReactNode {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // without TLS, browsers have no clipboard for pages
      setSaid('Select the text and copy it');
    }
  };
  return (
    <span className="actions">
      <span className="small muted" role="status">
        {said}
      </span>
      <Button size="small" onClick={() => void copy()}>
        Copy
      </Button>
    </span>
  );
}
