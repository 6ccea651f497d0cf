import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { inClassicFields } from './classic-fields.js';

describe('errors of the core, for classic callers', () => {
  const failing = (error: Error) => inClassicFields(() => Promise.reject(error));

  it('name the schedule where a classic caller wrote it, and everything else as it is', async () => {
    const fields = ['schedule', 'schedule.cron', 'params.ips', 'probes', 'result_format'];
    const error = DomainError.invalid(...fields.map((field) => ({ field, message: 'must be right' })));
    await expect(failing(error)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/^params\.cron must be right; params\.cron must be right; params\.ips /),
      violations: ['params.cron', 'params.cron', 'params.ips', 'probes', 'result_format'].map((field) => ({
        field,
        message: 'must be right',
      })),
    });
  });

  it('of other kinds stay as they are, and so does what came', async () => {
    const error = new DomainError('no_available_probe', 'none');
    await expect(failing(error)).rejects.toBe(error);
    const failure = new TypeError('not ours');
    await expect(failing(failure)).rejects.toBe(failure);
    await expect(inClassicFields(() => Promise.resolve(3))).resolves.toBe(3);
  });
});
