import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { Dialog } from './dialog.js';
import { Button } from './parts.js';

const GO = { o: '/', p: '/probes', m: '/operations', n: '/operations/new' } as const;
const WORDS = [
  ['?', 'this list'],
  ['g o', 'go to the overview'],
  ['g p', 'go to probes'],
  ['g m', 'go to operations'],
  ['g n', 'new measurement'],
  ['/', 'to the first filter of the page'],
  ['Esc', 'close what is open'],
] as const;
const NEXT_MS = 1_500;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** The keys that work on every page, and the list of them. */
export function Keys(): ReactNode {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  useEffect(() => {
    let went = 0;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const { key } = event;
      if (key === '?') setOpen(true);
      else if (key === '/') {
        const filter = document.querySelector<HTMLElement>(
          '.filters input[type=search], .filters input, .filters select',
        );
        if (filter === null) return;
        event.preventDefault();
        filter.focus();
      } else if (key === 'g') went = Date.now();
      else if (key in GO && Date.now() - went < NEXT_MS) void navigate({ to: GO[key as keyof typeof GO] });
    };
    addEventListener('keydown', press);
    return () => {
      removeEventListener('keydown', press);
    };
  }, [navigate]);
  return (
    <>
      <button
        type="button"
        className="button plain small"
        onClick={() => {
          setOpen(true);
        }}
      >
        Keys <kbd>?</kbd>
      </button>
      <Dialog open={open} onOpenChange={setOpen} title="Keys">
        <dl className="facts">
          {WORDS.map(([keys, meaning]) => (
            <div key={keys} style={{ display: 'contents' }}>
              <dt>
                {keys.split(' ').map((each) => (
                  <kbd key={each}>{each}</kbd>
                ))}
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p className="small muted">
          On a map: arrows move it, + and − zoom. On a plot: drag to zoom, double click to see all.
        </p>
        <div className="actions">
          <Button
            onClick={() => {
              setOpen(false);
            }}
          >
            Close
          </Button>
        </div>
      </Dialog>
    </>
  );
}
