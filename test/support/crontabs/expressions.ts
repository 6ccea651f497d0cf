import fc from 'fast-check';

const MONTHS = ['jan', 'Feb', 'MAR', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'Mon', 'TUE', 'wed', 'thu', 'fri', 'sat'];

/** A field as a crontab has it, most ranges the right way round, most values within bounds. */
function field(low: number, high: number, names: readonly string[] = [], first = 0): fc.Arbitrary<string> {
  const number = fc.integer({ min: low, max: high });
  const value = fc.oneof(
    { weight: 12, arbitrary: number.map(String) },
    { weight: names.length > 0 ? 4 : 0, arbitrary: fc.constantFrom('0', ...names) },
    { weight: 2, arbitrary: number.map((each) => String(each).padStart(2, '0')) },
    { weight: 1, arbitrary: fc.constantFrom(String(high + 1), String(low - 1)) },
  );
  const placeOf = (text: string): number => {
    const named = names.indexOf(text);
    return named >= 0 ? named + first : Number(text);
  };
  const range = fc
    .tuple(value, value, fc.integer({ min: 0, max: 19 }))
    .map(([a, b, turn]) => (placeOf(a) <= placeOf(b) || turn === 0 ? `${a}-${b}` : `${b}-${a}`));
  const step = fc.integer({ min: 1, max: high - low + 3 });
  const stepped = fc.tuple(fc.oneof(fc.constant('*'), range), step).map(([base, by]) => `${base}/${by}`);
  const element = fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 3, arbitrary: range },
    { weight: 3, arbitrary: stepped },
    { weight: 1, arbitrary: fc.constant('*') },
    { weight: 1, arbitrary: fc.constantFrom(`${low}-${high}`, `${low}-${high}/2`, `${low + 1}-${high}/2`) },
  );
  const list = fc.array(element, { minLength: 1, maxLength: 4 }).map((elements) => elements.join(','));
  const all = fc.constantFrom('*', '*', '*', `${low}-${high}`, String(low));
  return fc.oneof({ weight: 3, arbitrary: list }, { weight: 2, arbitrary: all });
}

const day = field(1, 31);
const weekday = field(0, 7, WEEKDAYS);
/** Days that not every month has. */
const lateDay = fc.constantFrom('29', '30', '31', '30-31', '29,31', '*/30', '1-31/30');

/** Five fields; some that no crontab takes are among them. */
export const expressions: fc.Arbitrary<string> = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    fc.oneof({ weight: 6, arbitrary: day }, { weight: 1, arbitrary: lateDay }),
    field(1, 12, MONTHS, 1),
    weekday,
    fc.constantFrom(' ', ' ', ' ', '\t', '  '),
  )
  .map(([minute, hour, dom, month, dow, blank]) => [minute, hour, dom, month, dow].join(blank))
  .filter((text) => text.length <= 100);
