import { useEffect, useState } from 'react';

const SETTLED_MS = 300;

/** @returns a value as it was when it was changed last and then stayed for a moment: what is typed is not asked for letter by letter */
export function useSettled<T>(value: T, milliseconds = SETTLED_MS): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
