import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { type Coverage, coverage } from '../api/queries.js';
import { whole } from '../ui/format.js';

type Fates = Coverage['fates'];
/** Fates of runs of which somebody has told what became of them, or still may. */
const TOLD: readonly (keyof Fates)[] = ['received', 'failed', 'refused', 'stopped', 'awaited'];
const FRESH_MS = 30_000;
/** It is asked for a little before it is scrolled to. */
const NEARLY_SEEN = '500px';

/** @returns runs whose time has come, of which nobody has brought anything: neither a result nor why there is none */
export function missingOf({ due, fates }: Pick<Coverage, 'due' | 'fates'>): number {
  return TOLD.reduce((left, fate) => left - fates[fate], due);
}

/** How many runs of an operation are missing. The server has to go through all of them: it is asked once the row is in sight. */
export function MissingRuns({ id }: { id: string }): ReactNode {
  const place = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (place.current === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: NEARLY_SEEN },
    );
    observer.observe(place.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  const { data } = useQuery({ ...coverage(id, { limit: 1 }), enabled: seen, staleTime: FRESH_MS });
  const missing = data === undefined ? undefined : missingOf(data);
  return (
    <span ref={place}>
      {missing === undefined ? '–' : missing === 0 ? '0' : <strong>{whole(missing)}</strong>}
    </span>
  );
}
