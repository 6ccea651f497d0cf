/**
 * Drawn requests at the door of RIPE Atlas's clients, with a valid key: no 5xx, and every refusal has Atlas's form.
 * Environment: URL, USER_TOKEN (of an account with a connected probe or none), CASES of each property (300), SEED.
 */
import fc from 'fast-check';
import WebSocket from 'ws';

const URL_OF_SERVER = process.env['URL'] ?? '';
const TOKEN = process.env['USER_TOKEN'] ?? '';
const CASES = Number(process.env['CASES'] ?? 300);
const SEED = process.env['SEED'] === undefined ? undefined : Number(process.env['SEED']);
const PATIENCE_MS = 30_000;

interface Answer {
  status: number;
  text: string;
}

async function send(method: string, path: string, body?: string, key = ''): Promise<Answer> {
  const response = await fetch(`${URL_OF_SERVER}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Key ${key}` }) },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text() };
}

/** @throws Error where an answer is none of the contract */
function check(what: string, { status, text }: Answer): void {
  const fail = (why: string) => {
    throw new Error(`${what} -> ${status}, ${why}: ${text.slice(0, 500)}`);
  };
  if (status >= 500) fail('an error of the server');
  if (status < 400) return;
  let error: Record<string, unknown> | undefined;
  try {
    ({ error } = JSON.parse(text) as { error?: Record<string, unknown> });
  } catch {
    fail('no JSON');
  }
  if (
    error?.['status'] !== status ||
    typeof error['detail'] !== 'string' ||
    typeof error['title'] !== 'string'
  )
    fail('no error of Atlas');
}

const TYPES = ['ping', 'traceroute', 'dns', 'http', 'sslcert', 'ntp'];
const NAMES = [
  ...['type', 'af', 'target', 'description', 'interval', 'spread', 'is_public', 'tags', 'packets', 'size'],
  ...['packet_interval', 'packet_size', 'protocol', 'first_hop', 'max_hops', 'timeout', 'response_timeout'],
  ...['port', 'paris', 'query_argument', 'query_type', 'query_class', 'use_probe_resolver', 'set_rd_bit'],
  ...[
    'set_cd_bit',
    'set_do_bit',
    'set_nsid_bit',
    'udp_payload_size',
    'tls',
    'method',
    'path',
    'query_string',
  ],
  ...['https', 'max_bytes_read', 'hostname', 'skip_dns_check', 'resolve_on_probe', 'bill_to', 'retry'],
];
const strange = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e308, '', [], {}, '\u0000', '\ud800'),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);
const whole = fc.oneof(fc.integer({ min: -2, max: 300 }), fc.integer());
const target = fc.constantFrom(
  '192.0.2.1',
  '2001:db8::1',
  'example.org',
  'xn--bcher-kva.example',
  '.',
  '::',
  '1.2.3',
  'a..b',
);
const value = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      'UDP',
      'TCP',
      'ICMP',
      'GET',
      'HEAD',
      'IN',
      'A',
      'TXT',
      '/',
      4,
      6,
      true,
    ),
  },
  { weight: 2, arbitrary: target },
  { weight: 2, arbitrary: whole },
  { weight: 2, arbitrary: strange },
);
const definition = fc
  .tuple(
    fc.record({ type: fc.constantFrom(...TYPES), af: fc.constantFrom(4, 6), target }),
    fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 6 }),
    fc.boolean(),
  )
  .map(([usual, drawn, isUsual]) => (isUsual ? { ...usual, query_argument: 'nl', ...drawn } : drawn));
const source = fc.oneof(
  fc.constant({ type: 'area', value: 'WW', requested: 1 }),
  fc.record(
    {
      type: fc.oneof(fc.constantFrom('area', 'country', 'region', 'asn', 'prefix', 'probes', 'msm'), strange),
      value: fc.oneof(
        fc.constantFrom<unknown>('WW', 'NL', 'NL,DE', 'europe', 3333, '10.0.0.0/8', '1', '1,2'),
        strange,
      ),
      requested: fc.oneof(whole, strange),
      tags: fc.oneof(fc.record({ include: fc.oneof(fc.array(fc.string()), strange) }), strange),
    },
    { requiredKeys: [] },
  ),
);
const creation = fc.record(
  {
    definitions: fc.oneof(
      { weight: 6, arbitrary: fc.array(definition, { maxLength: 3 }) },
      { weight: 1, arbitrary: strange },
    ),
    probes: fc.oneof(
      { weight: 6, arbitrary: fc.array(source, { maxLength: 3 }) },
      { weight: 1, arbitrary: strange },
    ),
    is_oneoff: fc.oneof(fc.boolean(), strange),
    start_time: fc.oneof(
      fc.constant(undefined),
      whole,
      fc.date().map((date) => Number(date) / 1000),
      strange,
    ),
    stop_time: fc.oneof(fc.constant(undefined), whole, strange),
  },
  { requiredKeys: ['definitions', 'probes'] },
);

const QUERIES = [
  ...[
    'page',
    'page_size',
    'sort',
    'fields',
    'optional_fields',
    'format',
    'start',
    'stop',
    'probe_ids',
    'id__in',
  ],
  ...[
    'id__gt',
    'id__lte',
    'status',
    'status__in',
    'search',
    'target',
    'target__contains',
    'tags',
    'country_code',
  ],
  ...[
    'asn',
    'asn_v4__in',
    'prefix',
    'prefix_v4',
    'radius',
    'latitude__gte',
    'current_probes',
    'lookback_days',
  ],
  ...[
    'start_time__gte',
    'interval__lt',
    'af',
    'protocol',
    'is_anchor',
    'anchors-only',
    'key',
    'type',
    'description',
  ],
];
const word = fc.oneof(
  fc.constantFrom(
    '1',
    '-1',
    '0',
    '1000001',
    '1,2,3',
    'a,b',
    '-id',
    'txt',
    '52.3,4.9:100',
    '10.0.0.0/8',
    '9'.repeat(40),
  ),
  fc.constantFrom('2026-01-01T00:00:00Z', '1e99', 'NaN', '', '$where', '.*', '(', '[', '\u0000', '%'),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...QUERIES), word, fc.constantFrom('', '[]', '[$gt]', '[a][b]')), {
    maxLength: 5,
  })
  .map((pairs) =>
    pairs
      .map(([name, text, more]) => `${encodeURIComponent(name + more)}=${encodeURIComponent(text)}`)
      .join('&'),
  );
const path = fc.constantFrom(
  ...['measurements', 'measurements/my', 'measurements/N', 'measurements/N/results', 'measurements/N/latest'],
  ...[
    'measurements/N/status-check',
    'probes',
    'probes/1',
    'anchors',
    'anchors/1',
    'credits',
    'keys',
    '',
    'x/y',
  ],
  ...['measurements/9999999999', 'measurements/x', 'probes/00', 'measurements/N/tags'],
);

/** Bodies that no client sends: deep, long, cut off, of another type. */
const HOSTILE = [
  `{"definitions":${'['.repeat(5_000)}${']'.repeat(5_000)},"probes":[]}`,
  `{"definitions":[${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}]}`,
  JSON.stringify({ definitions: Array.from({ length: 20_000 }, () => ({ type: 'ping' })), probes: [] }),
  JSON.stringify({
    definitions: [{ type: 'ping', af: 4, target: '192.0.2.1' }],
    probes: Array(20_000).fill({}),
  }),
  JSON.stringify({ definitions: [{ type: 'ping', af: 4, target: 'a'.repeat(900_000) }], probes: [] }),
  '{"definitions": [',
  'null',
  '[]',
  '"x"',
  '1e999',
  '{"__proto__": {"type": "ping"}}',
  '\u0000',
  '',
];

const keyOf = async (): Promise<string> => {
  const response = await fetch(`${URL_OF_SERVER}/api/v1/users/me/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name: 'fuzz' }),
  });
  return ((await response.json()) as { key: string }).key;
};

async function prove<T>(
  name: string,
  some: fc.Arbitrary<T>,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const started = Date.now();
  const property = fc.asyncProperty(some, work);
  await fc.assert(property, {
    numRuns: CASES,
    ...(SEED !== undefined && { seed: SEED }),
    endOnFailure: false,
  });
  console.log(`atlas: ${name}: ${CASES} cases, ${Math.round((Date.now() - started) / 1000)} s`);
}

/** @returns once the server has said that it still answers this connection */
async function streamed(messages: readonly string[]): Promise<void> {
  const socket = new WebSocket(`${URL_OF_SERVER.replace('http', 'ws')}/stream/`);
  await new Promise<void>((resolve, reject) => {
    const stuck = setTimeout(() => {
      reject(new Error(`no answer of the stream to ${JSON.stringify(messages).slice(0, 400)}`));
    }, PATIENCE_MS);
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const [, payload] = JSON.parse(data.toString()) as [string, { detail?: string } | null];
      if (payload?.detail !== 'The message is not valid JSON') return;
      clearTimeout(stuck);
      resolve();
    });
    socket.on('open', () => {
      for (const message of messages) socket.send(message);
      socket.send('the last');
    });
  }).finally(() => {
    socket.terminate();
  });
}

const key = await keyOf();
const made = await send(
  'POST',
  '/api/v2/measurements/',
  JSON.stringify({
    definitions: [{ type: 'ping', af: 4, target: '192.0.2.1', interval: 60 }],
    probes: [{ type: 'probes', value: '1', requested: 1 }],
  }),
  key,
);
if (made.status !== 201) throw new Error(`no measurement: ${made.text}`);
const [number = 0] = (JSON.parse(made.text) as { measurements: number[] }).measurements;

for (const body of HOSTILE)
  for (const where of [
    'measurements/',
    `measurements/${number}/participation-requests/`,
    `measurements/${number}/tags/`,
  ])
    check(`POST ${where} ${body.slice(0, 60)}`, await send('POST', `/api/v2/${where}`, body, key));
check('a giant query', await send('GET', `/api/v2/probes/?id__in=${'1,'.repeat(3_900)}1`));
console.log('atlas: hostile bodies');

await prove('definitions', creation, async (body) => {
  const text = JSON.stringify(body);
  check(`POST measurements ${text}`, await send('POST', '/api/v2/measurements/', text, key));
});
const changes = fc.oneof(
  fc.array(
    fc.tuple(source, fc.constantFrom('add', 'remove', 'x')).map(([of, action]) => ({ action, ...of })),
    { maxLength: 4 },
  ),
  strange,
);
await prove('participation and tags', fc.tuple(changes, strange), async ([requests, tag]) => {
  const [text, tagText] = [JSON.stringify(requests), JSON.stringify({ tag })];
  const where = `/api/v2/measurements/${number}`;
  check(`participation ${text}`, await send('POST', `${where}/participation-requests/`, text, key));
  check(`tags ${tagText}`, await send('POST', `${where}/tags`, tagText, key));
});
await prove('queries', fc.tuple(path, query, fc.boolean()), async ([of, asked, hasKey]) => {
  const where = `/api/v2/${of.replace('N', String(number))}?${asked}`;
  check(`GET ${where}`, await send('GET', where, undefined, hasKey ? key : ''));
});
const parameters = fc.record(
  {
    stream_type: fc.constantFrom<unknown>('result', 'probestatus', 'metadata', 1, null),
    msm: fc.oneof(fc.constant(number), whole, strange),
    prb: fc.oneof(fc.constantFrom<unknown>(1, [1, 2]), strange),
    sendBacklog: fc.boolean(),
    type: strange,
  },
  { requiredKeys: [] },
);
const message = fc.oneof(
  fc
    .tuple(fc.constantFrom('atlas_subscribe', 'atlas_unsubscribe', 'x'), parameters)
    .map((each) => JSON.stringify(each)),
  fc.json({ maxDepth: 3 }),
);
await prove('messages of the stream', fc.array(message, { maxLength: 8 }), streamed);
process.exit(0);
