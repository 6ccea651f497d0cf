import { describe, expect, test } from '@jest/globals';
import { CronError, MAX_CRON_LENGTH, readCron } from './cron.js';

const complaint = (expression: string): string => {
  try {
    readCron(expression);
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
  return 'it is taken';
};

describe('a cron expression', () => {
  test.each([
    ['* * * * *', {}],
    ['*/25 * * * *', { minutes: [0, 25, 50] }],
    [
      '0-59/7,3 0,12 1-7 * MON',
      { minutes: [0, 3, 7, 14, 21, 28, 35, 42, 49, 56], weekdays: [1], either: true },
    ],
    ['0 0 1 JAN sun', { months: [1], weekdays: [0], either: true }],
    ['0 0 * jan-mar mon-fri/2', { months: [1, 2, 3], weekdays: [1, 3, 5], either: false }],
    ['0 0 * * 7', { weekdays: [0] }],
    ['0 0 * * 5-7', { weekdays: [0, 5, 6] }],
    ['0 0 * * sun-7', { weekdays: [0, 1, 2, 3, 4, 5, 6] }],
    ['0 0 * * */3', { weekdays: [0, 3, 6], either: false }],
    ['0 0 1 * */7', { weekdays: [0], either: false }],
    ['00 05 01 01 00', { minutes: [0], hours: [5], days: [1], months: [1], weekdays: [0], either: true }],
    ['0\t0  * * *', { minutes: [0], hours: [0] }],
    [' * * * * * ', {}],
    ['*/60 */24 */31 */12 *', { minutes: [0], hours: [0], days: [1], months: [1] }],
    ['5-5/9 1-3/10 * * *', { minutes: [5], hours: [1] }],
    // the first character decides: entry.c of Debian's cron, DOM_STAR and DOW_STAR
    ['0 0 */2 * 1', { weekdays: [1], either: false }],
    ['0 0 *,10 * 1', { weekdays: [1], either: false }],
    ['0 0 10,* * 1', { weekdays: [1], either: true }],
    ['0 0 1 * *,1', { days: [1], either: false }],
    ['0 0 1 * 1,*', { days: [1], either: true }],
  ])('%j is taken', (expression, named) => {
    expect(readCron(expression).values).toMatchObject(named);
  });

  test.each([
    ['0 0 * * fri-mon', 'day of week "fri-mon": the range runs backwards; write "0 0 * * 0,1,5,6"'],
    ['0 0 * * sat-sun', 'day of week "sat-sun": the range runs backwards; write "0 0 * * 0,6"'],
    ['0 22-4/2 * * *', 'hour "22-4/2": the range runs backwards; write "0 0,2,4,22 * * *"'],
    ['0 0 30-2 * *', 'day of month "30-2": the range runs backwards; write "0 0 1,2,30,31 * *"'],
    ['5/10 * * * *', 'minute "5/10": a step needs a range; write "5-59/10 * * * *"'],
    ['0 0 * * mon/2', 'day of week "mon/2": a step needs a range; write "0 0 * * mon-7/2"'],
    ['*/0 * * * *', 'minute "*/0": a step is at least 1; write "* * * * *"'],
    ['1,2-9/0 * * * *', 'minute "2-9/0": a step is at least 1; write "1,2-9 * * * *"'],
    ['*/61 * * * *', 'minute "*/61": a step above 60 leaves one value; write "*/60 * * * *"'],
    ['0 0 1,*/32 * 1', 'day of month "*/32": a step above 31 leaves one value; write "0 0 1,*/31 * 1"'],
    ['0 0 * * 5-7/9', 'day of week "5-7/9": a step above 7 leaves one value; write "0 0 * * 5"'],
    ['0 0 ? * MON', 'day of month "?": a crontab has no "?"; write "0 0 * * MON"'],
    ['0 0 * * MONDAY', 'day of week "MONDAY": a name has three letters; write "0 0 * * mon"'],
    ['005 0 * * *', 'minute "005": a number has two digits at most; write "5 0 * * *"'],
    ['0 0 L * *', 'day of month "L": a crontab has no "L", "W" or "#"'],
    ['0 0 15W * *', 'day of month "15W": a crontab has no "L", "W" or "#"'],
    ['0 0 * * 1#2', 'day of week "1#2": a crontab has no "L", "W" or "#"'],
    ['0 0 * * 5L', 'day of week "5L": a crontab has no "L", "W" or "#"'],
    ['0 0 * * +MON', 'day of week "+MON": a crontab has no "+"'],
    ['60 * * * *', 'minute "60": 60 is not from 0 to 59'],
    ['0 0 0 * *', 'day of month "0": 0 is not from 1 to 31'],
    ['0 0 * * 8', 'day of week "8": 8 is not from 0 to 7'],
    ['0 0 * foo *', 'month "foo": "foo" is no name of one'],
    ['0 0 * mon *', 'month "mon": "mon" is no name of one'],
    ['JAN 0 * * *', 'minute "JAN": it has no names, only numbers'],
    ['1,,2 * * * *', 'minute "": an element of the list is empty'],
    ['*-5 * * * *', 'minute "*-5": a range has two ends'],
    ['1-5-7 * * * *', 'minute "1-5-7": a range has two ends'],
    ['~ * * * *', 'minute "~": it is no number, name, range or step of a crontab'],
  ])('%j is refused: %s', (expression, why) => {
    expect(complaint(expression)).toBe(`must be a cron expression as a crontab has it; ${why}`);
  });

  test('with two mistakes advises nothing that is refused', () => {
    expect(complaint('5/10 0 ? * *')).toMatch(/needs a range$/);
  });

  test.each([
    ['@daily', '0 0 * * *'],
    ['@Hourly', '0 * * * *'],
    ['0 0 12 * * MON', '0 12 * * MON'],
  ])('%j is refused, with %j in its place', (expression, instead) => {
    expect(complaint(expression)).toContain('five fields (minute, hour, day of month, month, day of week)');
    expect(complaint(expression)).toContain(`; write "${instead}"`);
  });

  test.each([
    ...['', ' ', '*', '* * * *', '0 * * * * * 2030', '@reboot', '@weekday', '* * * * * id', '* 24 * * *'],
    ...['* * 32 * *', '* * * 0 *', '* * * 13 *', '-1 * * * *', '/5 * * * *', '*/ * * * *', ',1 * * * *'],
    ...['1, * * * *', '1- * * * *', '1.5 * * * *', '* * LW * *', '* * * * FRIL', '* * * * JAN', 'H * * * *'],
    ...['* * * * *\n', '*\n* * * *', '* * * * *\n* * * * * id', '* * * * *\0', '* * * * *;id', '%% * * * *'],
    ...['*\u00a0* * * *', '*\u3000* * * *', '٣ * * * *', 'constructor * * * *', '* * * __proto__ *'],
    ...['1e1 * * * *', '0x1 * * * *', '*/1.0 * * * *', '* * * * toString'],
  ])('%j is refused', (expression) => {
    expect(complaint(expression)).toMatch(/^must be /);
  });

  test('is bounded in its length, and in what its complaint repeats', () => {
    const long = `${'1,'.repeat(100)}1 * * * *`;
    expect(complaint(long)).toBe(`must have at most ${MAX_CRON_LENGTH} characters`);
    for (const part of ['1,', '*/1,', '\t', '1-2', 'jan-', 'x']) {
      expect(complaint(part.repeat(40)).length).toBeLessThan(500);
      expect(complaint(part.repeat(200_000)).length).toBeLessThan(500);
    }
  });
});
