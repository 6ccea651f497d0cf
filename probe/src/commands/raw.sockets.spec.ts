import { describe, expect, test } from '@jest/globals';
import { adviceForSending, type Privileges, privilegesHere, rightOf } from './raw.sockets.js';

const program = { path: '/usr/bin/scamper', isSetuidRoot: false, isExecutable: true };
const setuid = { ...program, isSetuidRoot: true };

/** An ordinary user with Debian's scamper, but for what is given. */
function run(as: Partial<Privileges>): Privileges {
  return {
    isRoot: false,
    hasNetRaw: false,
    mayGetNetRaw: true,
    noNewPrivileges: false,
    scamper: setuid,
    ...as,
  };
}

describe('what to do when scamper may not send', () => {
  test.each<[string, Partial<Privileges>, RegExp]>([
    ['a container without NET_RAW', { mayGetNetRaw: false }, /--cap-add NET_RAW/],
    ['root in such a container', { isRoot: true, mayGetNetRaw: false }, /--cap-add NET_RAW/],
    ['root that has given it up', { isRoot: true }, /root without CAP_NET_RAW: .*--cap-add/],
    ['root that has it', { isRoot: true, hasNetRaw: true }, /scamper itself fails/],
    [
      'a container that forbids new privileges',
      { scamper: program, noNewPrivileges: true },
      /allowPrivilegeEscalation: false/,
    ],
    ['setuid, and new privileges are forbidden', { noNewPrivileges: true }, /no-new-privileges/],
    ['setuid, and still nothing', {}, /nosuid/],
    [
      "a unit of one's own with the capability",
      { scamper: program, hasNetRaw: true, noNewPrivileges: true },
      /use the unit that comes with the probe/,
    ],
    ['a scamper without the bit', { scamper: program }, /chmod u\+s \/usr\/bin\/scamper/],
    ['no scamper', { scamper: null }, /missing/],
  ])('%s', (_case, as, advice) => {
    expect(adviceForSending(run(as))).toMatch(advice);
  });
});

test('by what right it sends', () => {
  const rights = [
    run({ isRoot: true }),
    run({}),
    run({ scamper: program, hasNetRaw: true }),
    run({ scamper: program }),
  ].map(rightOf);
  expect(new Set(rights).size).toBe(4);
});

test('what holds for this process is read from the system', async () => {
  const here = await privilegesHere(process.execPath);
  expect(here.isRoot).toBe(process.getuid?.() === 0);
  expect(here.scamper).toEqual({ path: process.execPath, isSetuidRoot: false, isExecutable: true });
  expect((await privilegesHere('/nonexistent/scamper')).scamper).toBeNull();
  expect((await privilegesHere('sh')).scamper?.path).toMatch(/^\/(usr\/)?bin\/sh$/);
});
