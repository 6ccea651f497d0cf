import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, parseEnv, VARIABLE_NAMES } from './env.js';

const SECRET_KEY = 'sixteen characters';
const read = (source: Record<string, string>) => parseEnv({ SECRET_KEY, ...source });

describe('parseEnv', () => {
  let dataDir: string;
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'pladmed-env-'));
  });
  afterAll(() => {
    rmSync(dataDir, { recursive: true });
  });

  it('needs nothing but a key', () => {
    expect(read({})).toMatchObject({
      port: 5000,
      host: '0.0.0.0',
      nodeEnv: 'development',
      production: false,
      mongoUri: undefined,
      mongoDatabase: 'pladmed',
      logLevel: 'info',
      allowDeleteAll: false,
      userTokenTtlHours: 168,
    });
  });

  it('takes an empty text for none', () => {
    const empty = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, '']));
    expect(parseEnv({ ...empty, SECRET_KEY })).toEqual(read({}));
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', '1.5'],
    ['PORT', 'http'],
    ['PORT', ' '],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['PORT', '-1'],
    ['PROBE_MAX_MESSAGES_PER_S', '   '],
    ['USER_MAX_OPERATIONS_PER_DAY', '9'.repeat(400)],
    ['NODE_ENV', 'prod'],
    ['SECRET_KEY', 'short'],
    ['MONGODB_URI', 'localhost:27017'],
    ['MONGO_DATABASE', 'a/b'],
    ['REDIS_URL', 'http://redis'],
    ['LOG_LEVEL', 'loud'],
    ['DEBUG', 'maybe'],
    ['PASSWORD_COST', '3'],
    ['USER_TOKEN_TTL_HOURS', '0'],
    ['TRUST_PROXY', '-1'],
    ['METRICS_TOKEN', 'too short'],
    ['INGEST_MAX_WAITING_MB', '0'],
    ['DOORS', 'globalpin'],
    ['DOORS', 'atlas,,globalping'],
    ['DOORS', 'none,atlas'],
    ['FRAME_ANCESTORS', 'example.org'],
    ['FRAME_ANCESTORS', 'https://example.org; script-src *'],
  ])('says in one sentence that %s=%s is wrong', (name, value) => {
    const sentence = new RegExp(`^${name} must [^\\n]+\\.$`);
    expect(() => read({ [name]: value })).toThrow(EnvironmentError);
    expect(() => read({ [name]: value })).toThrow(sentence);
  });

  it.each([
    [undefined, ['atlas', 'globalping']],
    ['atlas', ['atlas']],
    [' globalping , atlas', ['atlas', 'globalping']],
    ['none', []],
  ])('opens, with DOORS=%s, the doors %j', (value, open) => {
    expect(read(value === undefined ? {} : { DOORS: value }).doors).toEqual(open);
  });

  it('takes origins that may have a plot in a frame', () => {
    const origins = (text: string) => read({ FRAME_ANCESTORS: text }).frameAncestors;
    expect(read({}).frameAncestors).toEqual([]);
    expect(origins('https://a.example:8443, http://[::1]:80  https://*.b.example')).toEqual([
      'https://a.example:8443',
      'http://[::1]:80',
      'https://*.b.example',
    ]);
    expect(origins('*')).toEqual(['*']);
  });

  it('puts the five classic variables together, whatever the password has in it', () => {
    const classic = {
      MONGO_HOST: 'db',
      MONGO_PORT: '27018',
      MONGO_USERNAME: 'me',
      MONGO_PASSWORD: 'p@ss:/w?',
      MONGO_DATABASE: 'x',
    };
    const { mongoUri, mongoDatabase } = read(classic);
    expect([mongoUri, mongoDatabase]).toEqual([
      'mongodb://me:p%40ss%3A%2Fw%3F@db:27018/?authSource=admin',
      'x',
    ]);
    expect(read({ MONGO_HOST: 'db' }).mongoUri).toBe('mongodb://db:27017/');
    expect(() => read({ MONGO_HOST: 'db', MONGO_USERNAME: 'me' })).toThrow('must be set together');
  });

  it('takes the database from MONGODB_URI', () => {
    expect(read({ MONGODB_URI: 'mongodb://a,b/mine?replicaSet=rs0' }).mongoDatabase).toBe('mine');
    expect(read({ MONGODB_URI: 'mongodb://a/?x=1' }).mongoDatabase).toBe('pladmed');
    expect(read({ MONGODB_URI: 'mongodb://a/mine', MONGO_DATABASE: 'other' }).mongoDatabase).toBe('other');
  });

  it('never lets the database of production be emptied', () => {
    expect(read({ ALLOW_DELETE_ALL: 'true' }).allowDeleteAll).toBe(true);
    expect(read({ ALLOW_DELETE_ALL: 'true', NODE_ENV: 'production' }).allowDeleteAll).toBe(false);
  });

  it('wants a key in production; in development it makes one and keeps it for itself', () => {
    expect(() => parseEnv({ NODE_ENV: 'production', DATA_DIR: dataDir })).toThrow(
      /^SECRET_KEY must be set in production/,
    );
    const first = parseEnv({ DATA_DIR: dataDir }).secretKey;
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(parseEnv({ DATA_DIR: dataDir }).secretKey).toBe(first);
    expect(statSync(join(dataDir, 'secret-key')).mode & 0o777).toBe(0o600);
  });

  it('says that DATA_DIR cannot be written', () => {
    expect(() => parseEnv({ DATA_DIR: '/dev/null/x' })).toThrow(
      /^DATA_DIR \S+ must be a folder that can be written/,
    );
  });

  it('is described in the example files, every variable of it', () => {
    const text = ['.env_server.example', '.env_database.example']
      .map((name) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))
      .join('\n');
    const described = new Set([...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name));
    expect(VARIABLE_NAMES.filter((name) => !described.has(name))).toEqual([]);
  });
});
