import type { ComponentProps, ReactNode } from 'react';
import { Field } from './parts.js';

interface Labelled {
  label: string;
  hint?: ReactNode;
  wrong?: string | undefined;
  wide?: boolean;
  value: string;
  onText: (text: string) => void;
}

function fieldOf({ label, hint, wrong, wide }: Labelled): Omit<ComponentProps<typeof Field>, 'children'> {
  return { label, wrong, ...(hint !== undefined && { hint }), ...(wide !== undefined && { wide }) };
}

/** A line of text with its label; `onText` gets what was typed. */
export function TextField(props: Labelled & Omit<ComponentProps<'input'>, 'value' | 'onChange'>): ReactNode {
  const { label: _label, hint: _hint, wrong: _wrong, wide: _wide, onText, type = 'text', ...input } = props;
  return (
    <Field {...fieldOf(props)}>
      {(describing) => (
        <input {...input} {...describing} type={type} onChange={(event) => onText(event.target.value)} />
      )}
    </Field>
  );
}

/** Several lines of text. */
export function TextArea(
  props: Labelled & Omit<ComponentProps<'textarea'>, 'value' | 'onChange'>,
): ReactNode {
  const { label: _label, hint: _hint, wrong: _wrong, wide: _wide, onText, ...input } = props;
  return (
    <Field {...fieldOf(props)}>
      {(describing) => (
        <textarea {...input} {...describing} onChange={(event) => onText(event.target.value)} />
      )}
    </Field>
  );
}

/** One of several, from a list. */
export function SelectField(
  props: Labelled & { options: readonly (readonly [string, string])[] },
): ReactNode {
  const { value, options, onText } = props;
  return (
    <Field {...fieldOf(props)}>
      {(describing) => (
        <select {...describing} value={value} onChange={(event) => onText(event.target.value)}>
          {options.map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Yes or no. */
export function CheckBox({
  label,
  checked,
  onCheck,
  small = false,
}: {
  label: ReactNode;
  checked: boolean;
  onCheck: (checked: boolean) => void;
  small?: boolean;
}): ReactNode {
  return (
    <label className={small ? 'check small' : 'check'}>
      <input type="checkbox" checked={checked} onChange={(event) => onCheck(event.target.checked)} />
      {label}
    </label>
  );
}
