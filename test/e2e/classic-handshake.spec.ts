import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { creation, UNKNOWN_ID } from '../support/classic-factories.js';
import type { Probe } from '../support/classic-types.js';
import { ClassicWorld, type Person, SECRET_KEY } from '../support/classic-world.js';
import { signJwt } from '../support/jwt.js';
import { RawWebSocket } from '../support/raw-websocket.js';
import { until } from '../support/until.js';

let world: ClassicWorld;
let ada: Person;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(1000);
});

afterAll(() => world.stop());

const handshake = (token: string): string => `/socket.io/?token=${token}&transport=websocket&EIO=4`;

const packets = async (socket: RawWebSocket, prefix: string): Promise<string> =>
  until(`a packet ${prefix}`, () => socket.messages.find((text) => text.startsWith(prefix)));

describe('a probe gets in', () => {
  test.each(['websocket', 'polling'] as const)('by %s', async (transport) => {
    const probe = await world.fieldedProbe(ada, { transport });
    expect(probe.socket.io.engine.transport.name).toBe(transport);
  });

  test('with the request of fielded probes, byte for byte', async () => {
    const { token, identifier } = await world.registerProbe(ada);
    const socket = await RawWebSocket.open(world.server.url, handshake(token), {
      total_credits: '8',
      in_use_credits: '2',
      Origin: 'http://host',
    });
    expect(JSON.parse((await packets(socket, '0')).slice(1))).toMatchObject({ sid: expect.any(String) });
    socket.send('40');
    await packets(socket, '40');
    const listed = await until('it is listed as connected', async () => {
      const now = await world.listed(identifier);
      return now?.connected === true && now;
    });
    expect(listed.availability).toBe(0.75);
    socket.destroy();
  });

  test.each([
    [{ total_credits: '10', in_use_credits: '5' }, 0.5],
    [{ 'Total-Credits': '10', 'In-Use-Credits': '4' }, 0.6],
    [{ TOTAL_CREDITS: '10', IN_USE_CREDITS: '0' }, 1],
  ])('its headers may be %j', async (headers, availability) => {
    const probe = await world.fieldedProbe(ada, { headers });
    expect((await world.listed(probe.identifier))?.availability).toBeCloseTo(availability, 10);
  });

  test.each([
    { total_credits: 'many', in_use_credits: '0' },
    { total_credits: '-1', in_use_credits: '0' },
    { total_credits: '1e9', in_use_credits: '$gt' },
    { total_credits: '0', in_use_credits: '0' },
    {},
  ])('with the headers %j it is here, but there is no room on it', async (headers) => {
    const probe = await world.fieldedProbe(ada, { headers });
    const { status } = await ada.api.post('/ping', creation('ping', [probe.identifier]));
    expect(status).toBe(404);
  });

  test('with a token of the field: an identifier and no more, signed with SECRET_KEY', async () => {
    const { identifier } = await world.registerProbe(ada);
    const probe = await world.connect(signJwt({ identifier }, SECRET_KEY));
    expect((await world.listed(identifier))?.connected).toBe(true);
    probe.close();
  });

  test('again, after it went', async () => {
    const probe = await world.fieldedProbe(ada);
    probe.close();
    await until('it is gone', async () => (await world.listed(probe.identifier))?.connected === false);
    await world.connect(probe.token ?? '');
    expect((await world.listed(probe.identifier))?.connected).toBe(true);
  });
});

describe("refused with 'Invalid token'", () => {
  const tokens: [string, () => string | undefined | Promise<string>][] = [
    ['none', () => undefined],
    ['an empty one', () => ''],
    ['a bad one', () => 'bad'],
    ["a user's", () => ada.api.token],
    ['of a probe that does not exist', () => signJwt({ identifier: UNKNOWN_ID }, SECRET_KEY)],
    ['whose identifier is no id', () => signJwt({ identifier: 'nobody' }, SECRET_KEY)],
    ['whose identifier is an operator', () => signJwt({ identifier: { $gt: '' } }, SECRET_KEY)],
    ["whose identifier is a user's", () => signJwt({ identifier: ada._id }, SECRET_KEY)],
    [
      'signed with another key',
      async () => signJwt({ identifier: (await world.registerProbe(ada)).identifier }, 'another secret'),
    ],
    [
      'signed by nobody',
      async () => {
        const { identifier } = await world.registerProbe(ada);
        const [, claims = ''] = signJwt({ identifier }, SECRET_KEY).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
      },
    ],
  ];

  test.each(tokens)('%s', async (_what, token) => {
    const probe = world.open(await token());
    expect(await probe.refused()).toBe('Invalid token');
    expect(probe.socket.connected).toBe(false);
  });

  test('two tokens', async () => {
    const { token } = await world.registerProbe(ada);
    const socket = await RawWebSocket.open(world.server.url, handshake(`${token}&token=x`));
    socket.send('40');
    expect(await packets(socket, '44')).toContain('"message":"Invalid token"');
    socket.destroy();
  });

  test('and then the server closes the connection; the client does nothing', async () => {
    const socket = await RawWebSocket.open(world.server.url, handshake('bad'));
    socket.send('40');
    expect(JSON.parse((await packets(socket, '44')).slice(2))).toMatchObject({ message: 'Invalid token' });
    await until('the server closes the connection', () => socket.closed);
    socket.destroy();
  });

  test('nobody was listed as connected by any of them', async () => {
    const eve = await world.person();
    const { identifier } = await world.registerProbe(eve);
    await world.open(signJwt({ identifier }, 'another secret')).refused();
    const own = await eve.api.get<Probe[]>('/probes/me');
    expect(own.body).toEqual([expect.objectContaining({ identifier, connected: false })]);
  });
});

test('the token is in no line of the log', async () => {
  const probe = await world.fieldedProbe(ada);
  await world.open('a-token-that-is-refused').refused();
  const log = world.server.log.join('\n');
  expect(log).toContain(probe.identifier);
  expect(log).not.toContain(probe.token);
  expect(log).not.toContain(ada.api.token);
  expect(log).not.toContain('a-token-that-is-refused');
});

test('500 handshakes that are refused leave a server that takes the next probe', async () => {
  const refusals = await Promise.all(Array.from({ length: 500 }, () => world.open('bad').refused()));
  expect(new Set(refusals)).toEqual(new Set(['Invalid token']));
  const probe = await world.fieldedProbe(ada);
  expect(probe.socket.connected).toBe(true);
});
