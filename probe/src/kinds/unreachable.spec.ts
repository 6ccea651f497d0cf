import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FakeNtp } from '../../../sntp/test/support/fake.ntp.js';
import { FakeDns } from '../../test/support/fake.dns.js';
import { runContext } from '../../test/support/run.context.js';
import { Site } from '../../test/support/site.js';
import { kindByName } from './index.js';
import type { Routes } from '../measuring/targets.js';

/** A link-local address without its link: the system refuses to send there, whatever host this is (RFC 4007). */
const LOST = 'fe80::1';
/** A later libuv (seen: 1.51 of Node 22.23, not 1.46 of Node 20.20) connects by the first link that has such addresses; UDP is refused as ever. */
const TCP_IS_REFUSED = Number(process.versions.uv.split('.')[1]) < 47;
const HERE = '127.0.0.1';
/** What a host with a route to the other family only says of an address: `ENETUNREACH` is the system's word, this is the reason. */
const WORD = 'no_family';

interface Entry {
  error: string | null;
}

describe('a destination that the host has no route to', () => {
  let site: Site;
  let time: FakeNtp;
  let names: FakeDns;
  beforeAll(async () => {
    site = await Site.answering((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    time = await FakeNtp.start();
    names = await FakeDns.start();
  });
  afterAll(() => Promise.all([site.close(), time.close(), names.close()]));

  /** Entries of a run, on a host that says what its routes are. */
  async function measure(kind: string, params: object, routes: Routes): Promise<Entry[]> {
    const found = kindByName.get(kind);
    if (found === undefined) throw new Error(kind);
    const context = runContext({ allow: ['127.0.0.0/8', 'fe80::/10'], routes });
    const content = await found.measure(found.params.parse(params), context);
    const { version, ...lists } = JSON.parse(content.toString()) as { version: 1 } & Record<string, Entry[]>;
    expect(version).toBe(1);
    return Object.values(lists).flat();
  }

  /** The destinations as each kind wants them, and what the good one's error is: the site speaks no TLS. */
  const paramsOf: Record<string, (ips: string[]) => object> = {
    http: (ips) => ({
      urls: ips.map((ip) => `http://${ip.includes(':') ? `[${ip}]` : ip}:${site.port}/`),
    }),
    tls: (ips) => ({ ips, port: site.port }),
    ntp: (ips) => ({ ips, port: time.port, samples: 1 }),
  };
  const good: Record<string, string | null> = { http: null, tls: 'ERR_SSL_WRONG_VERSION_NUMBER', ntp: null };

  /** Says of the lost address what it was told to, time after time; the last word stays. */
  const losing = (...words: (string | null)[]): Routes => ({
    missing: (address) =>
      Promise.resolve(
        address !== LOST ? null : words.length > 1 ? (words.shift() ?? null) : (words[0] ?? null),
      ),
    families: () => Promise.resolve({ ipv4: true, ipv6: false }),
  });

  describe.each(TCP_IS_REFUSED ? ['http', 'tls', 'ntp'] : ['ntp'])('%s', (kind) => {
    const run = (ips: string[], routes: Routes) => measure(kind, paramsOf[kind]!(ips), routes);

    test('stands in the result with that reason, beside one that was measured', async () => {
      const entries = await run([LOST, HERE], losing(WORD));
      expect(entries.map(({ error }) => error)).toEqual([WORD, good[kind]]);
    });

    test('has it too where the route goes while the run is under way', async () => {
      const entries = await run([HERE, LOST], losing(null, WORD));
      expect(entries.map(({ error }) => error)).toEqual([good[kind], WORD]);
    });

    test('fails a run of which nothing was sent, be it known before or seen afterwards', async () => {
      const failure = { reason: 'no_family', message: expect.stringContaining(`no IPv6 route to ${LOST}`) };
      await expect(run([LOST], losing(WORD))).rejects.toMatchObject(failure);
      await expect(run([LOST, LOST], losing(null, null, WORD))).rejects.toMatchObject(failure);
    });

    test('is measured where its route has come meanwhile', async () => {
      const back: Routes = {
        missing: losing(WORD, null).missing,
        families: () => Promise.resolve({ ipv4: true, ipv6: true }),
      };
      const [entry] = await run([LOST, HERE], back);
      // The host itself refuses the address: there was an attempt, and its word is the system's.
      expect(entry?.error).toMatch(/^E[A-Z]+$/);
    });
  });

  test('dns: a resolver without a route is a run of which nothing was sent', async () => {
    const params = { fqdns: ['a.example'], resolver: LOST };
    const failure = { reason: 'no_family', message: `this probe has no IPv6 route to ${LOST} (${WORD})` };
    await expect(measure('dns', params, losing(WORD))).rejects.toMatchObject(failure);
    await expect(measure('dns', params, losing(null, WORD))).rejects.toMatchObject(failure);
    if (TCP_IS_REFUSED)
      await expect(measure('dns', { ...params, tcp: '' }, losing(null, WORD))).rejects.toMatchObject(failure);
  });

  test('a host that has neither family does not say that it has the other one', async () => {
    const neither: Routes = {
      missing: () => Promise.resolve(WORD),
      families: () => Promise.resolve({ ipv4: false, ipv6: true }),
    };
    await expect(measure('ntp', { ips: [LOST] }, neither)).rejects.toMatchObject({ reason: 'nothing_sent' });
  });
});
