import type { ReactNode } from 'react';
import { KINDS } from '../../../generated/kinds.js';
import { KIND_HINTS } from '../../../generated/texts.js';
import type { ParamField } from '../../api/param-field.js';
import { TextArea } from '../../ui/inputs.js';
import { Field, Panel } from '../../ui/parts.js';
import { allAt, DESTINATIONS, mistakeAt } from './mistakes.js';
import { advanced, destinationsIn } from './request.js';
import { Choice, type Part } from './choice.js';

const PLACEHOLDER: Record<string, string> = { http: 'https://example.org/', dns: 'example.org' };

/** The kind, its destinations and its parameters. */
export function What({ draft, set, mistakes, asked }: Part & { asked: boolean }): ReactNode {
  const { kind } = draft;
  const none = asked && destinationsIn(draft.destinations).length === 0;
  const wrong = none ? 'must not be empty' : allAt(mistakes, DESTINATIONS);
  return (
    <Panel title="What">
      <div className="form">
        <Choice
          legend="Kind"
          options={KINDS.map((each) => [each, each, KIND_HINTS[each] ?? each] as const)}
          value={kind}
          onChange={(next) => set({ kind: next, params: {} })}
        />
        <p className="small muted">{KIND_HINTS[kind]}</p>
        <TextArea
          label="Destinations"
          hint="One a line, or separated by commas."
          wrong={wrong}
          rows={3}
          spellCheck={false}
          autoCapitalize="off"
          placeholder={PLACEHOLDER[kind] ?? '192.0.2.1'}
          value={draft.destinations}
          onText={(destinations) => set({ destinations })}
        />
        <details>
          <summary>Advanced parameters</summary>
          <div className="grid-fields">
            {advanced(kind).map((field) => (
              <Param
                key={`${kind} ${field.name}`}
                field={field}
                value={draft.params[field.name] ?? ''}
                wrong={mistakeAt(mistakes, `params.${field.name}`)}
                onChange={(value) => set({ params: { ...draft.params, [field.name]: value } })}
              />
            ))}
          </div>
        </details>
      </div>
    </Panel>
  );
}

function Param({
  field,
  value,
  wrong,
  onChange,
}: {
  field: ParamField;
  value: string;
  wrong: string | undefined;
  onChange: (value: string) => void;
}): ReactNode {
  const { name, description, type, values, preset, open } = field;
  const unset = preset === undefined ? 'not given' : `${String(preset)} (default)`;
  const options =
    type === 'switch' ? ['on'] : type === 'boolean' ? ['true', 'false'] : open === true ? undefined : values;
  return (
    <Field label={name} hint={description} wrong={wrong}>
      {(describing) =>
        options === undefined ? (
          <input
            {...describing}
            type="text"
            inputMode={type === 'integer' || type === 'number' ? 'decimal' : 'text'}
            placeholder={unset}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <select {...describing} value={value} onChange={(event) => onChange(event.target.value)}>
            <option value="">{unset}</option>
            {options.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )
      }
    </Field>
  );
}
