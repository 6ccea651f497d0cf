import { benchBound } from './bound.bench.js';
import { benchCarry } from './carry.bench.js';
import { benchCoverage } from './coverage.bench.js';
import { benchCreation } from './creation.bench.js';
import { benchPages, loadResults } from './data.bench.js';
import { benchDecoding } from './decoding.bench.js';
import { benchExport } from './export.bench.js';
import { benchFanOut } from './fan-out.bench.js';
import { benchGlobalping } from './globalping.bench.js';
import { benchIngest } from './ingest.bench.js';
import { exitWhenInterrupted } from './interrupted.js';
import { benchOverhead } from './overhead.bench.js';
import { type Platform, startEcho, startPlatform } from './platform.js';
import { benchReads } from './reads.bench.js';
import { benchReconnect } from './reconnect.bench.js';
import { benchServers } from './servers.bench.js';
import { benchSeries } from './series.bench.js';
import { benchAtlasDoor, benchRollups, type SideCost } from './sides.bench.js';

/** What reading and keeping series costs, on servers of their own. */
async function showSeries(): Promise<void> {
  console.log('A month of a minutely ping on 100 probes (4.3 million runs), read by the hour or by the day');
  console.table(
    (await benchSeries()).map(({ what, values, kilobytes, medianMs, p95Ms, processorMs }) => ({
      ...{
        '': what,
        values,
        KB: kilobytes,
        'median, ms': Math.round(medianMs),
        'p95, ms': Math.round(p95Ms),
      },
      'processor time of the server, ms': Math.round(processorMs),
    })),
  );
  showSides(await benchRollups());
}

function showSides(sides: readonly SideCost[]): void {
  console.log('Ingest of 2 KB pings by two servers in turn');
  console.table(
    sides.map(({ what, rate, processorUs, databaseUs, ratio }) => ({
      ...{ '': what, 'results a second': Math.round(rate) },
      'server, us of processor a result': Math.round(processorUs),
      database: Math.round(databaseUs),
      'ratio of a round (median, least, most)': ratio.map((each) => each.toFixed(2)).join(', '),
      'ratio of all': (processorUs / (sides[0]?.processorUs ?? NaN)).toFixed(3),
    })),
  );
}

/** All probes at once, on a server of their own. */
async function showReconnect(): Promise<void> {
  console.log(
    '5,000 probes come back within a second (500 classic; two operations each), and users work meanwhile',
  );
  const storms = await benchReconnect();
  console.table(
    storms.map(({ what, halfMs, p99Ms, allMs, bootMs, processorS: [server, database], ownDelayMs }) => ({
      '': what,
      'half served, ms': halfMs,
      '99 %': p99Ms,
      all: allMs,
      'boot, ms': bootMs ?? '',
      'server, s of processor': server.toFixed(1),
      database: database.toFixed(1),
      'load generator late, ms': ownDelayMs.join(' + '),
    })),
  );
  for (const { what, users, failures } of storms) {
    console.log(
      `What users waited, ms: ${what}. Attempts of probes that failed: ${JSON.stringify(failures)}`,
    );
    console.table(users);
  }
}

/** What one server carries, on a server of its own. PROBES=13000: so many probes; RATES="1000 2000": results a second. */
async function showCarry(): Promise<void> {
  const probes = Number(process.env['PROBES'] ?? 13_000);
  const rates = (process.env['RATES'] ?? '500 1000 2000 3000').split(' ').map(Number);
  console.log(
    'Native probes that stay connected and send a ping of 2 KB each now and then, whatever came of those before',
  );
  console.table(
    (await benchCarry(probes, rates)).map((row) => ({
      ...{
        probes: row.probes,
        'results/s asked': row.asked,
        acknowledged: Math.round(row.perSecond),
        busy: row.busy,
      },
      ...{
        'acknowledgement p50, ms': Math.round(row.p50Ms),
        p99: Math.round(row.p99Ms),
        most: Math.round(row.mostMs),
      },
      ...{
        'server, us of processor a result': Math.round(row.serverUs),
        database: Math.round(row.databaseUs),
      },
      ...{ 'consumers done after, ms': Math.round(row.behindMs), 'memory, MB': Math.round(row.residentMb) },
      'load generator late, ms': Math.round(row.ownDelayMs),
    })),
  );
}

/** Results as they are taken away, on a server of their own. */
async function showExport(): Promise<void> {
  console.log('The results of one operation by the bare driver, and by the API in each format, in turns');
  console.table(
    (await benchExport()).map(({ what, perSecond, ratio, processorS, grownMb, megabytes }) => ({
      '': what,
      'results/s': perSecond,
      'of the driver': Number(ratio.toFixed(2)),
      'processor, s': Number(processorS.toFixed(1)),
      'memory of the server, MB more': Math.round(grownMb),
      MB: Math.round(megabytes),
    })),
  );
}

/** The decoder alone, in this process. */
function showDecoding(): void {
  console.log('2 KB of pings decoded and summarised, us of processor time');
  console.table(
    benchDecoding().map(({ what, bytes, medianUs, leastUs }) => ({
      '': what,
      bytes,
      'median of 200 rounds': Number(medianUs.toFixed(1)),
      least: Number(leastUs.toFixed(1)),
    })),
  );
}

/** What the door for Globalping adds, on a server of its own. */
async function showGlobalping(): Promise<void> {
  console.log(
    'A measurement by the door for Globalping, and by a bare relay of the same messages, in turns (60 each); p50, ms',
  );
  console.table(
    (await benchGlobalping()).map(({ what, until, platformMs, relayMs, ratio }) => ({
      ...{ '': what, until },
      platform: Number(platformMs.toFixed(1)),
      relay: Number(relayMs.toFixed(1)),
      ratio: Number(ratio.toFixed(2)),
    })),
  );
}

/** One server and two of one database, of their own. */
async function showServers(): Promise<void> {
  console.log('Results of 20 probes by one server and by two of one database, in turns; for a result');
  console.table(
    (await benchServers()).map(({ what, serversUs, databaseUs, perSecond, returned, conflicts }) => ({
      ...{ '': what, 'both servers, us of processor': Math.round(serversUs) },
      ...{ 'database, us': Math.round(databaseUs), 'a second': Math.round(perSecond) },
      ...{ 'documents returned': Number(returned.toFixed(2)), 'conflicts of a round': conflicts },
    })),
  );
}

/** What shares one platform, in this order: what is last leaves a million results behind. */
const SHARING: Record<string, (platform: Platform, echo: string) => Promise<void>> = {
  async ingest(platform, echo) {
    console.log('Results, acknowledged as durable (20 probes; all processes on this machine)');
    console.table(
      (await benchIngest(platform, echo)).map(({ protocol, bytes, platform: own, echo: bare }) => ({
        protocol,
        'bytes each': bytes,
        'results/s': own,
        'echo/s': bare,
        ratio: Number((own / bare).toFixed(2)),
      })),
    );
  },
  async 'fan-out'(platform) {
    console.log('One operation to 1,000 probes');
    console.table(
      (await benchFanOut(platform)).map(({ protocol, lastReceiptMs, bytesPerProbe }) => ({
        protocol,
        'last receipt, ms (median of 5)': lastReceiptMs,
        'memory of the server a probe, KB': Math.round(bytesPerProbe / 1024),
      })),
    );
  },
  async bound(platform) {
    console.log(
      'Ingest beside what writes the same documents and nothing else, and an echo; a result, in turn',
    );
    console.table(
      (await benchBound(platform)).map(({ protocol, inFlight, batch, what, perSecond, ...us }) => ({
        ...{ protocol, 'in flight': inFlight, batch, what, 'a second': Math.round(perSecond) },
        'server, us of processor': Math.round(us.serverUs),
        database: Math.round(us.databaseUs),
      })),
    );
  },
  async creation(platform) {
    console.log('Creating an operation (native API), ms');
    console.table(
      (await benchCreation(platform)).map(({ what, medianMs, p95Ms, perSecond }) => ({
        '': what,
        'median, ms': Number(medianMs.toFixed(1)),
        'p95, ms': Number(p95Ms.toFixed(1)),
        'a second': Math.round(perSecond),
      })),
    );
  },
  async reads(platform) {
    console.log('What classic frontends ask for again and again');
    console.table(
      (await benchReads(platform)).map(({ what, medianMs, processorMs }) => ({
        '': what,
        'median, ms': Number(medianMs.toFixed(1)),
        'processor time of the server, ms': Number(processorMs.toFixed(1)),
      })),
    );
  },
  async overhead(platform) {
    console.log('What the platform adds to a run (a real probe, on this machine), ms');
    console.table(
      (await benchOverhead(platform)).map(({ what, runs, p50, p95, most }) => ({
        '': what,
        runs,
        'p50, ms': p50,
        'p95, ms': p95,
        'most, ms': most,
      })),
    );
  },
  async coverage(platform) {
    const { results, medianMs, worstMs } = await benchCoverage(platform);
    console.log('The account of an operation (GET /api/v1/operations/{id}/coverage, 20 times)');
    console.table([{ results, 'median, ms': medianMs, 'worst, ms': worstMs }]);
  },
  async data(platform) {
    const began = performance.now();
    const loaded = await loadResults(platform);
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`Pages of 100 results, in 2 x 1,000,000 (RESULTS=), loaded in ${seconds} s; ms`);
    console.table(
      (await benchPages(platform, loaded)).map(({ what, of, items, medianMs, p95Ms }) => ({
        filter: what,
        of,
        items,
        'median, ms': Number(medianMs.toFixed(1)),
        'p95, ms': Number(p95Ms.toFixed(1)),
      })),
    );
  },
};
const NAMES = [
  ...Object.keys(SHARING),
  'decoding',
  'reconnect',
  'carry',
  'series',
  'export',
  'globalping',
  'servers',
  'doors',
];

exitWhenInterrupted();

/** make bench: figures of this machine, and ratios that mean something on another one. ONLY="coverage reconnect": those alone. */
const only = process.argv.slice(2);
const unknown = only.find((name) => !NAMES.includes(name));
if (unknown !== undefined) throw new Error(`There is no benchmark ${unknown}: ${NAMES.join(', ')}`);
const isAsked = (name: string) => only.length === 0 || only.includes(name);
const sharing = Object.entries(SHARING).filter(([name]) => isAsked(name));
if (sharing.length > 0) {
  const platform = await startPlatform();
  const echo = await startEcho();
  try {
    for (const [, show] of sharing) await show(platform, echo.url);
  } catch (error) {
    console.error(platform.server.log.slice(-20).join('\n'));
    throw error;
  } finally {
    echo.stop();
    await platform.server.stop();
  }
}
if (isAsked('decoding')) showDecoding();
if (isAsked('reconnect')) await showReconnect();
if (isAsked('carry')) await showCarry();
if (isAsked('series')) await showSeries();
if (isAsked('export')) await showExport();
if (isAsked('globalping')) await showGlobalping();
if (isAsked('servers')) await showServers();
if (isAsked('doors')) showSides(await benchAtlasDoor());
process.exit(0);
