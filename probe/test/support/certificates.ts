import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface KeyPair {
  key: string;
  cert: string;
}

/** An authority of a test's own, made by openssl in a folder of its own. */
export class Authority {
  private made = 0;

  private constructor(private readonly folder: string) {}

  static async make(): Promise<Authority> {
    const authority = new Authority(await mkdtemp(join(tmpdir(), 'pladmed-ca-')));
    await authority.request('ca', '/O=Pladmed/CN=An authority', ['-x509', '-days', '30']);
    return authority;
  }

  /** Its own certificate, in a file. */
  get file(): string {
    return this.filesOf('ca').cert;
  }

  async certificate(): Promise<string> {
    return readFile(this.file, 'utf8');
  }

  /**
   * A certificate of this authority.
   * @param names as subjectAltName has them: `DNS:a.example`, `IP:127.0.0.1`
   * @param days until it expires; less than 0: it has
   */
  async issue(names: readonly string[], days = 30): Promise<KeyPair> {
    this.made += 1;
    const name = `leaf-${this.made}`;
    const extensions = [
      '-addext',
      `subjectAltName=${names.join()}`,
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    ];
    await this.request(name, '/CN=A site', extensions);
    const { cert, key } = this.filesOf(name);
    await this.sign(cert, days);
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  }

  /** An authority under this one; both are removed on their own. */
  async subordinate(): Promise<Authority> {
    this.made += 1;
    const under = new Authority(await mkdtemp(join(tmpdir(), 'pladmed-ca-')));
    const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE'];
    await under.request('ca', `/O=Pladmed/CN=Authority ${this.made} under another`, extensions);
    await this.sign(under.file, 30);
    return under;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Makes a certificate of the request in a file, in its place. */
  private async sign(file: string, days: number): Promise<void> {
    const signer = ['-CA', this.file, '-CAkey', this.filesOf('ca').key, '-set_serial', String(this.made)];
    const signing = ['-req', '-in', file, '-out', file, '-days', String(days), '-copy_extensions', 'copyall'];
    await run('openssl', ['x509', ...signing, ...signer]);
  }

  private async request(name: string, subject: string, more: readonly string[]): Promise<void> {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const { cert, key } = this.filesOf(name);
    await run('openssl', ['req', '-new', ...curve, '-subj', subject, '-keyout', key, '-out', cert, ...more]);
  }

  private filesOf(name: string): { cert: string; key: string } {
    return { cert: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
  }
}
