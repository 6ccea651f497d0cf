import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CronError, readCron } from '../../protocol/src/index.js';
import { crontabLine } from '../../src/measurement/schedule/crontab-line.js';
import { type Crontabs, crontabs, type Question } from '../support/crontabs/crontabs.js';
import { expressions } from '../support/crontabs/expressions.js';
import { sized } from '../support/size.js';

const DRAWN = Number(process.env['CRONTABS_DRAWN'] ?? sized(1_000, 250));
const DAY = 1_440;
const minuteOf = (date: string): number => Date.parse(date) / 60_000;
/** Years of days, with the leap years of 2028 and 2036; Debian's cron counts seconds in 32 bits, and has no day after 2038-01-19. */
const SPANS = [
  { from: minuteOf('2026-01-01Z'), count: 4 * 365 + 1 },
  { from: minuteOf('2036-01-01Z'), count: 2 * 365 + 1 },
];

const found = await crontabs();
if ('missing' in found) console.log(`Skipped: no crontab to compare with, since ${found.missing}.`);

const answered = new Map<string, string>();

/** Which of these minutes the platform counts: as the programs answer. */
function ours(question: Question): string {
  const key = JSON.stringify(question);
  const answer = answered.get(key) ?? counted(question);
  answered.set(key, answer);
  return answer;
}

function counted({ expression, from, step, count }: Question): string {
  const pattern = readCron(expression);
  let [answer, before, at] = ['', NaN, NaN];
  for (let minute = from; minute < from + count * step; minute += step) {
    if (at !== minute) before = pattern.countBefore(minute);
    const after = pattern.countBefore(minute + 1);
    answer += after > before ? '1' : '0';
    [before, at] = [after, minute + 1];
  }
  return answer;
}

/** Some years of days at a minute that the expression names, and all minutes of a day on which it runs. */
function questionsOf(expression: string): Question[] {
  const pattern = readCron(expression);
  const [minute = 0] = pattern.minutesOfDay();
  const days = SPANS.map(({ from, count }) => ({ expression, from: from + minute, step: DAY, count }));
  const first = pattern.isEmpty ? SPANS[0]!.from : pattern.minuteAt(pattern.countBefore(SPANS[0]!.from));
  return [...days, { expression, from: first - (first % DAY), step: 1, count: DAY }];
}

function isTaken(expression: string): boolean {
  try {
    readCron(expression);
    return true;
  } catch (error) {
    if (error instanceof CronError) return false;
    throw error;
  }
}

('missing' in found ? describe.skip : describe)('cron expressions', () => {
  const programs = found as Crontabs;
  let taken: string[];
  let refused: string[];

  beforeAll(() => {
    const drawn = fc.sample(expressions, { numRuns: DRAWN });
    taken = drawn.filter(isTaken);
    refused = drawn.filter((each) => !isTaken(each));
  });

  it("that are taken: Debian's cron takes them, and runs in the minutes that the platform counts", async () => {
    expect(taken.length).toBeGreaterThan(DRAWN / 4);
    const questions = taken.flatMap(questionsOf);
    const theirs = await programs.debianCron(questions);
    const wrong = questions.filter((question, n) => ours(question) !== theirs[n]);
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('that are refused have a sentence that names the field', () => {
    for (const expression of refused) {
      expect(() => readCron(expression)).toThrow(/^must .*(minute|hour|day of month|month|day of week) "/);
    }
    expect(refused.length).toBeGreaterThan(20);
  });

  it('that a classic probe can be told: python-crontab keeps what is sent, and busybox and Debian run it alike', async () => {
    const told = taken.flatMap((expression) => {
      const sent = crontabLine(expression);
      return sent === undefined ? [] : [{ expression, sent }];
    });
    expect(told.length).toBeGreaterThan(taken.length / 3);
    expect(await programs.pythonCrontab(told.map(({ sent }) => sent))).toEqual(told.map(({ sent }) => sent));

    const asked = told.flatMap(({ expression, sent }) =>
      questionsOf(expression).map((question) => ({ question, asSent: { ...question, expression: sent } })),
    );
    const expected = asked.map(({ question }) => ours(question));
    const sent = asked.map(({ asSent }) => asSent);
    for (const answers of [await programs.debianCron(sent), await programs.busyboxCrond(sent)]) {
      const wrong = asked.filter((_each, n) => answers[n] !== expected[n]);
      expect(wrong.slice(0, 3)).toEqual([]);
    }
  });

  it('that a classic probe cannot be told have two restricted day fields that must both match', () => {
    const untold = taken.filter((expression) => crontabLine(expression) === undefined);
    expect(untold.length).toBeGreaterThan(0);
    for (const expression of untold) {
      const { days, weekdays, either } = readCron(expression).values;
      expect([either, days.length < 31, weekdays.length < 7]).toEqual([false, true, true]);
    }
  });
});

/** What the readers of a fielded probe made of expressions as they were sent before: they are why others are sent now. */
('missing' in found ? describe.skip : describe)('cron expressions as accepted, in a classic probe', () => {
  const programs = found as Crontabs;

  it.each([
    ['0 0 * * 1-7/2', '0 0 * * */2'],
    ['0 0 1 * 0-6', '@monthly'],
    ['0 0 1-31 * 1', '0 0 * * 1'],
    ['0 * * * *', '@hourly'],
    ['0 0 * * *', '@daily'],
    ['0 0 * * 7', '@weekly'],
    ['0-0 0-0 1 1 *', '@yearly'],
    ['*/60 * * * *', 'ValueError'],
    ['0 */24 * * *', 'ValueError'],
    ['0 0  * * 1', 'KeyError'],
  ])('%j becomes %j by python-crontab', async (expression, written) => {
    expect(await programs.pythonCrontab([expression])).toEqual([written]);
  });

  it.each([
    ['0 0 */10 * *', [10, 20, 30]],
    ['0 0 */2 * 1', [2, 4, 6, 8, 10, 11, 12, 14, 16, 18, 20, 22, 24, 25, 26, 28, 30, 4, 18]],
  ])('busybox runs %j in January 2027 on %j', async (expression, days) => {
    const question = { expression, from: minuteOf('2027-01-01Z'), step: DAY, count: 31 };
    const [answer = ''] = await programs.busyboxCrond([question]);
    const ran = [...answer].flatMap((each, day) => (each === '1' ? [day + 1] : []));
    expect(ran).toEqual([...new Set(days)].sort((a, b) => a - b));
  });

  it('busybox takes no 7 for Sunday', async () => {
    const question = { expression: '0 0 * * 7', from: 0, step: 1, count: 1 };
    expect(await programs.busyboxCrond([question])).toEqual(['refused']);
  });
});
