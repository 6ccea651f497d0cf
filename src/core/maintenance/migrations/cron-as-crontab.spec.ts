import { describe, expect, it } from '@jest/globals';
import { readCron } from '@pladmed/protocol';
import { asCrontab } from './cron-as-crontab.js';

describe('cron expressions of before', () => {
  it.each([
    // the days that croner 11.0.1 gave them: either field was enough
    ['0 0 */2 * 1', '0 0 1-31/2 * 1'],
    ['0 0 *,10 * 1', '0 0 1-31,10 * 1'],
    ['0 0 1 * */3', '0 0 1 * 0-6/3'],
    ['0 0 */2 * */3', '0 0 1-31/2 * 0-6/3'],
    ['0\t0  */2 * MON', '0 0 1-31/2 * MON'],
    // croner let a range end anywhere where no step met the end
    ['38-60/43 20-24/10 17-32/12 jun-13/11 4-8/5', '38-59/43 20-23/10 17-31/12 jun-12/11 4-7/5'],
  ])('%j becomes %j', (before, after) => {
    expect(asCrontab(before)).toBe(after);
    expect(readCron(after).values.either).toBe(true);
    expect(asCrontab(after)).toBe(after);
  });

  it.each([
    '* * * * *',
    '*/5 */2 */2 */3 *',
    '0 0 * * */2',
    ' 0  0 1 * 1 ',
    '0 0 1,*/2 * 1',
    '0 0 29-31 2 fri-7',
  ])('%j stays', (expression) => {
    expect(asCrontab(expression)).toBe(expression);
  });
});
