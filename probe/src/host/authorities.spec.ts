import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { Authority } from '../../test/support/certificates.js';
import { Authorities, readAuthoritySettings } from './authorities.js';

describe('the authorities that the host trusts', () => {
  let folder: string;
  let extra: string;
  let bundle: string;
  let one: string;
  let other: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authorities-'));
    [extra, bundle] = [join(folder, 'extra.pem'), join(folder, 'bundle.pem')];
    const made = await Promise.all([Authority.make(), Authority.make()]);
    [one, other] = (await Promise.all(made.map((each) => each.certificate()))) as [string, string];
    await Promise.all(made.map((each) => each.remove()));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const read = (environment: NodeJS.ProcessEnv, ...flags: string[]) =>
    new Authorities(readAuthoritySettings(environment, flags));
  /** Those beside node's own list. */
  const more = ({ list }: Authorities): string[] =>
    (list ?? []).filter((each) => !rootCertificates.includes(each)).map((each) => `${each}\n`);

  test('are those of node where nothing else is named', () => {
    const authorities = read({ NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '/nonexistent' });
    expect(authorities.list).toBeUndefined();
    expect(authorities.context).toBe(authorities.context);
  });

  test('follow NODE_EXTRA_CA_CERTS as it is written, broken, taken away and written anew', async () => {
    const authorities = read({ NODE_EXTRA_CA_CERTS: extra });
    expect(more(authorities)).toEqual([]);
    await writeFile(extra, one);
    const { context } = authorities;
    expect(more(authorities)).toEqual([one]);
    expect(authorities.context).toBe(context);
    await writeFile(extra, `# ours\n${other}${one.slice(0, 400)}`);
    expect(more(authorities)).toEqual([other]);
    expect(authorities.context).not.toBe(context);
    await rm(extra);
    expect(more(authorities)).toEqual([]);
    expect(authorities.list).toEqual([...rootCertificates]);
    await writeFile(extra, one + other);
    expect(more(authorities)).toEqual([one, other]);
  });

  // nodejs.org/docs/latest-v22.x/api/cli.html: --use-openssl-ca, --use-system-ca, SSL_CERT_FILE
  test("are those of the system's bundle where node was told so", async () => {
    await writeFile(bundle, one);
    await writeFile(extra, other);
    const files = { SSL_CERT_FILE: bundle, NODE_EXTRA_CA_CERTS: extra };
    const instead = read(files, '--use-openssl-ca');
    expect(instead.list?.map((each) => `${each}\n`)).toEqual([one, other]);
    const beside = read({ ...files, NODE_OPTIONS: '--no-warnings --use-system-ca' });
    expect(beside.list).toHaveLength(rootCertificates.length + 2);
    await writeFile(bundle, '');
    expect(instead.list?.map((each) => `${each}\n`)).toEqual([other]);
    // What cannot be found is left to node.
    await rm(bundle);
    expect(instead.list).toBeUndefined();
  });
});
