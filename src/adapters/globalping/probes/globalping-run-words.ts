import { type Job } from '../../../core/presence/index.js';
import { type RunWords } from '../../../core/server-runs/index.js';
import {
  type GlobalpingMeasurement,
  inGlobalpingWords,
  RESULT_GRACE_S,
} from '../../../measurement/kinds/globalping-words.js';
import { timedOut } from '../../../measurement/formats/globalping.results.js';
import { GLOBALPING } from './globalping-capabilities.js';

/** From one request to the next, where a run has several: each waits for the one before to be taken. */
const BETWEEN_MS = 250;

/** Each message of a run asks for its request: of a run with many they are made once. */
const known = new WeakMap<Job, readonly GlobalpingMeasurement[]>();

export const globalpingRunWords: RunWords = {
  protocol: GLOBALPING.label,

  requestsOf(job) {
    const before = known.get(job);
    if (before !== undefined) return before;
    const words = inGlobalpingWords(job);
    const requests = typeof words === 'string' ? [] : words;
    known.set(job, requests);
    return requests;
  },

  limitMs(requests) {
    const longest = Math.max(...requests.map((request) => (request as GlobalpingMeasurement).timeout));
    return (longest + RESULT_GRACE_S) * 1000 + (requests.length - 1) * BETWEEN_MS;
  },

  contentOf(requests, answers, outputs) {
    const tests = requests.map((request, place) => {
      const measurement = request as GlobalpingMeasurement;
      const result = answers.get(place) ?? timedOut(outputs.get(place));
      return { target: measurement.target, measurement, result };
    });
    return { format: 'globalping', content: Buffer.from(JSON.stringify({ version: 1, tests })) };
  },
};
