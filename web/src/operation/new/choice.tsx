import { useId, type ReactNode } from 'react';
import type { Mistake } from './mistakes.js';
import type { Draft } from './request.js';

/** What each part of the form gets: what was said so far, how it changes, and what is wrong with it. */
export interface Part {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  mistakes: readonly Mistake[];
}

/** One of a few, all of them in sight. */
export function Choice<T extends string>({
  legend,
  options,
  value,
  onChange,
}: {
  legend: string;
  options: readonly (readonly [T, string, string?])[];
  value: T;
  onChange: (value: T) => void;
}): ReactNode {
  const name = useId();
  return (
    <fieldset role="radiogroup" aria-label={legend}>
      <legend className="legend">{legend}</legend>
      <div className="choices">
        {options.map(([each, text, hint]) => (
          <label className="radio" key={each} {...(hint !== undefined && { title: hint })}>
            <input
              type="radio"
              name={name}
              value={each}
              checked={each === value}
              onChange={() => onChange(each)}
            />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
