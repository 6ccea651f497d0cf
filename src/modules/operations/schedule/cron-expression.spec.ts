import { describe, expect, it } from '@jest/globals';
import { parseCron } from './cron-expression.js';

describe('parseCron', () => {
  it.each([
    '* * * * *',
    '*/5 * * * *',
    '0-59/7,3 0,12 1-7 * MON',
    '0 0 1 JAN sun',
    '0 0 * jan-mar mon-fri/2',
    '0 0 * * 7',
    '0 0 * * 5-7',
    '00 05 01 01 00',
    '0\t0  * * *',
    ' * * * * * ',
    '0 0 31 2 *',
    '*,1 * * * *',
  ])('takes %j', (expression) => {
    expect(parseCron(expression)).toBeDefined();
  });

  it.each([
    '',
    ' ',
    '*',
    '* * * *',
    '* * * * * *',
    '0 * * * * * 2030',
    '@daily',
    '@reboot',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 0 *',
    '* * * 13 *',
    '* * * * 8',
    '-1 * * * *',
    '5-1 * * * *',
    '*/0 * * * *',
    '*/61 * * * *',
    '5/5 * * * *',
    '/5 * * * *',
    '*/ * * * *',
    '1,,2 * * * *',
    ',1 * * * *',
    '1, * * * *',
    '1- * * * *',
    '1-2-3 * * * *',
    '1.5 * * * *',
    '005 * * * *',
    '* * L * *',
    '* * 15W * *',
    '* * LW * *',
    '* * * * MON#1',
    '* * * * 1L',
    '* * * * FRIL',
    '* * * * +MON',
    '? * * * *',
    '* * ? * *',
    '* * * * MONDAY',
    '* * * MON *',
    '* * * * JAN',
    'JAN * * * *',
    '* * * * sat-sun',
    '* * * * fri-mon',
    '~ * * * *',
    'H * * * *',
    '* * * * *\n',
    '*\n* * * *',
    '* * * * *\n* * * * * id',
    '* * * * *\0',
    '* * * * * id',
    '* * * * *;id',
    '%% * * * *',
    '*\u00a0* * * *',
    '*\u3000* * * *',
    '٣ * * * *',
    `${'1,'.repeat(60)}1 * * * *`,
    'constructor * * * *',
  ])('refuses %j', (expression) => {
    expect(parseCron(expression)).toBeUndefined();
  });

  it('is quick with long input', () => {
    const started = performance.now();
    for (const part of ['1,', '*/1,', ' ', '1-2', 'jan-']) parseCron(part.repeat(200_000));
    for (const part of ['1,', '*/1,', '\t', '1-2', 'jan-']) parseCron(part.repeat(20));
    expect(performance.now() - started).toBeLessThan(100);
  });
});
