import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nameOf, readResolvConf, systemResolvers } from './resolvers.js';

// resolv.conf(5), and res_init.c of glibc 2.36: the keyword begins the line, `;` and `#` end a value, three servers count
describe('resolv.conf', () => {
  test.each([
    ['nameserver 192.0.2.53\n', ['192.0.2.53']],
    ['nameserver\t2001:db8::53', ['2001:db8::53']],
    ['nameserver  192.0.2.53  # the router\r\nnameserver 192.0.2.54;x\r\n', ['192.0.2.53', '192.0.2.54']],
    ['# nameserver 192.0.2.1\n;nameserver 192.0.2.1\n nameserver 192.0.2.1\nnameserver127.0.0.1', []],
    ['nameserver fe80::1%eth0', ['fe80::1%eth0']],
    [
      'nameserver 192.0.2.53:5353\nnameserver [2001:db8::53]:5353',
      ['192.0.2.53:5353', '[2001:db8::53]:5353'],
    ],
    ['nameserver [2001:db8::53]', ['2001:db8::53']],
    ['nameserver 192.0.2.53:0\nnameserver x.example\nnameserver 192.0.2\nnameserver', []],
    [
      'domain example.org\nsearch a.example b.example\noptions edns0 trust-ad timeout:1\nnameserver 127.0.0.53',
      ['127.0.0.53'],
    ],
    [[1, 2, 3, 4].map((n) => `nameserver 192.0.2.${n}\n`).join(''), ['192.0.2.1', '192.0.2.2', '192.0.2.3']],
    ['', []],
  ])('%j', (text, servers) => {
    expect(readResolvConf(text).map(nameOf)).toEqual(servers);
  });

  test('is read anew each time; without one, or with an empty one, the host itself is asked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'resolv-'));
    const file = join(folder, 'resolv.conf');
    const local = [{ address: '127.0.0.1', port: 53 }];
    try {
      expect(await systemResolvers(file)).toEqual(local);
      await writeFile(file, 'nameserver 192.0.2.53\n');
      expect(await systemResolvers(file)).toEqual([{ address: '192.0.2.53', port: 53 }]);
      await writeFile(file, 'nameserver 192.0.2.54\n');
      expect(await systemResolvers(file)).toEqual([{ address: '192.0.2.54', port: 53 }]);
      await writeFile(file, '# nothing yet\n');
      expect(await systemResolvers(file)).toEqual(local);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
