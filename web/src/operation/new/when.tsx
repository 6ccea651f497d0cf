import type { ReactNode } from 'react';
import { SCHEDULE } from '../../../generated/texts.js';
import { SelectField, TextField } from '../../ui/inputs.js';
import { Panel } from '../../ui/parts.js';
import { mistakeAt } from './mistakes.js';
import type { Draft } from './request.js';
import { Choice, type Part } from './choice.js';

/** When runs are due. */
export function When({ draft, set, mistakes }: Part): ReactNode {
  const wrong = (name: string): string | undefined => mistakeAt(mistakes, `schedule.${name}`);
  return (
    <Panel title="When">
      <div className="form">
        <Choice
          legend="Schedule"
          options={[
            ['once', 'Once'],
            ['interval', 'Repeat'],
            ['cron', 'Cron'],
          ]}
          value={draft.schedule}
          onChange={(schedule) => set({ schedule })}
        />
        {draft.schedule !== 'once' && (
          <>
            <div className="row">
              {draft.schedule === 'interval' ? (
                <Interval draft={draft} set={set} wrong={wrong('every_s')} />
              ) : (
                <TextField
                  label="Crontab line"
                  hint={SCHEDULE['cron']}
                  className="mono"
                  value={draft.cron}
                  onText={(cron) => set({ cron })}
                  wrong={wrong('cron')}
                />
              )}
              <TextField
                label="Until"
                hint="in your time zone"
                type="datetime-local"
                value={draft.until}
                onText={(until) => set({ until })}
                wrong={wrong('stop')}
              />
            </div>
            <details>
              <summary>Spread over time</summary>
              <TextField
                label="Spread, seconds"
                hint={SCHEDULE['spread_s']}
                type="number"
                min={0}
                value={draft.spread}
                onText={(spread) => set({ spread })}
                wrong={wrong('spread_s')}
              />
            </details>
          </>
        )}
      </div>
    </Panel>
  );
}

function Interval({ draft, set, wrong }: Omit<Part, 'mistakes'> & { wrong: string | undefined }): ReactNode {
  return (
    <>
      <TextField
        label="Every"
        type="number"
        min={1}
        value={draft.every}
        onText={(every) => set({ every })}
        wrong={wrong}
      />
      <SelectField
        label="Unit"
        value={draft.unit}
        options={[
          ['s', 'seconds'],
          ['min', 'minutes'],
          ['h', 'hours'],
          ['d', 'days'],
        ]}
        onText={(unit) => set({ unit: unit as Draft['unit'] })}
      />
    </>
  );
}
