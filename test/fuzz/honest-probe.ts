/** The honest probe of test/fuzz/globalping.ts, in a process of its own: beside the hostile ones it could not answer for seconds. */
import { FakeGlobalpingProbe, PING, type Request } from '../support/globalping-probe.js';

/** What it tells of itself. */
export type Told =
  | { what: 'connected' }
  | { what: 'ended'; reason: string }
  | { what: 'begun'; request: Request };

const [url = '', token = ''] = process.argv.slice(2);
const tell = (told: Told): void => void process.send?.(told);
const answer = (request: Request) => {
  tell({ what: 'begun', request });
  return PING;
};
const probe = await FakeGlobalpingProbe.connect(url, token, { answer }, true);
probe.socket.on('disconnect', (reason) => {
  tell({ what: 'ended', reason });
});
tell({ what: 'connected' });
process.once('disconnect', () => process.exit());
