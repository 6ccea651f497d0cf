import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { io, type Socket } from 'socket.io-client';
import mongoose from 'mongoose';
import { classicTime } from '../support/classic-factories.js';
import { HttpClient } from '../support/client.js';
import { freePort, runSuperuser, startServer, type TestServer } from '../support/server.js';

const ROUNDS = 3;
const PROBES = 4;
const CREDITS_PER_RESULT = 10;
const CREDITS = 1_000_000;

/** Sends results without pause, keeps each until it is acknowledged, and sends what is left again after a reconnection. */
class PersistentProbe {
  readonly acknowledged = new Set<string>();
  readonly kept = new Set<string>();
  private socket: Socket | undefined;
  private sent = 0;

  constructor(
    private readonly name: string,
    private readonly token: string,
    private readonly operation: string,
  ) {}

  async connect(url: string): Promise<void> {
    this.socket?.disconnect();
    const socket = io(url, {
      query: { token: this.token },
      extraHeaders: { total_credits: '1000', in_use_credits: '0' },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    this.socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    for (const code of this.kept) void this.send(code);
  }

  /** Makes results until `enough` more are acknowledged or the server is gone. */
  async work(enough: number): Promise<void> {
    const target = this.acknowledged.size + enough;
    while (this.acknowledged.size < target && this.socket?.connected === true) {
      await Promise.race([Promise.all(Array.from({ length: 20 }, () => this.sendNew())), this.gone()]);
    }
  }

  async deliverAll(): Promise<void> {
    await Promise.all([...this.kept].map((code) => this.send(code)));
  }

  close(): void {
    this.socket?.disconnect();
  }

  private sendNew(): Promise<void> {
    this.sent += 1;
    const code = `${this.name}-${this.sent}`;
    this.kept.add(code);
    return this.send(code);
  }

  private async send(unique_code: string): Promise<void> {
    const content = gzipSync(`result ${unique_code}`);
    const message = { operation_id: this.operation, content, unique_code, format: 'gzip' };
    try {
      const answer: unknown = await this.socket?.emitWithAck('results', message);
      if (answer === this.operation) {
        this.acknowledged.add(unique_code);
        this.kept.delete(unique_code);
      }
    } catch {
      // the server died: the result is kept and sent again
    }
  }

  private gone(): Promise<void> {
    return new Promise((resolve) =>
      this.socket?.once('disconnect', () => {
        resolve();
      }),
    );
  }
}

describe('kill -9 of server and mongod while results come in', () => {
  let env: Record<string, string>;
  let server: TestServer;
  let probes: PersistentProbe[] = [];

  beforeAll(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-fault-'));
    env = { DATA_DIR: dataDir, PORT: String(await freePort()), SECRET_KEY: 'a secret of sixteen characters' };
    server = await startServer(env);
  });

  afterAll(async () => {
    for (const probe of probes) probe.close();
    await server.stop();
    await rm(env['DATA_DIR'] ?? '', { recursive: true, force: true });
  });

  it('loses no acknowledged result, stores none twice, and pays each once', async () => {
    const root = { email: 'root@example.org', password: 'Correct-Horse-7' };
    await runSuperuser(env, root.email, root.password);
    const login = await new HttpClient(server.url).post<{ access_token: string }>('/login', root);
    const http = new HttpClient(server.url, login.body.access_token);
    const me = await http.get<{ _id: string }>('/users/me');
    await http.post('/credits', { id: me.body._id, credits: CREDITS });
    const tokens: string[] = [];
    for (let index = 0; index < PROBES; index += 1) {
      const answer = await http.post<{ token: string }>('/probes', {
        location: { longitude: 0, latitude: 0 },
      });
      tokens.push(answer.body.token);
    }
    const waiting = tokens.map((token, index) => new PersistentProbe(`waiting${index}`, token, ''));
    await Promise.all(waiting.map((probe) => probe.connect(server.url)));
    const all = await http.get<{ identifier: string }[]>('/probes');
    const created = await http.post<{ _id: string; credits: number }>('/dns', {
      probes: all.body.map(({ identifier }) => identifier),
      params: {
        fqdns: ['example.org'],
        // as many runs as results may come: more would not be paid
        cron: '* * * * *',
        stop_time: classicTime(new Date(Date.now() + 30 * 86_400_000)),
        times_per_minute: 1,
      },
    });
    expect(created.status).toBe(201);
    for (const probe of waiting) probe.close();
    probes = tokens.map((token, index) => new PersistentProbe(`probe${index}`, token, created.body._id));
    const before = CREDITS - created.body.credits;

    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(probes.map((probe) => probe.connect(server.url)));
      const working = Promise.all(probes.map((probe) => probe.work(1_000_000)));
      await probes[0]?.work(100 + round * 37);
      const mongod = mongodPid(env['DATA_DIR'] ?? '');
      // in turn: both at once, the database first, the server first
      if (round !== 2) process.kill(mongod, 'SIGKILL');
      await server.kill();
      if (round === 2) process.kill(mongod, 'SIGKILL');
      await working;
      server = await startServer(env);
    }
    await Promise.all(probes.map((probe) => probe.connect(server.url)));
    await Promise.all(probes.map((probe) => probe.deliverAll()));

    const acknowledged = probes.flatMap((probe) => [...probe.acknowledged]);
    expect(probes.flatMap((probe) => [...probe.kept])).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(ROUNDS * 100);
    const audit = await readDatabase(env['DATA_DIR'] ?? '');
    expect(audit.codes.sort()).toEqual(acknowledged.sort());
    expect(audit.received).toBe(acknowledged.length);
    expect(audit.balance).toBe(before + acknowledged.length * CREDITS_PER_RESULT);
    expect(audit.ledgerSum).toBe(audit.balance);
  });
});

function mongodPid(dataDir: string): number {
  return (JSON.parse(readFileSync(join(dataDir, 'mongod.json'), 'utf8')) as { pid: number }).pid;
}

async function readDatabase(dataDir: string) {
  const { port } = JSON.parse(readFileSync(join(dataDir, 'mongod.json'), 'utf8')) as { port: number };
  const client = await mongoose.mongo.MongoClient.connect(
    `mongodb://127.0.0.1:${port}/?directConnection=true`,
  );
  try {
    const db = client.db('pladmed');
    const results = await db
      .collection('results')
      .find({}, { projection: { unique_code: 1 } })
      .toArray();
    const assignments = await db.collection('assignments').find().toArray();
    const ledger = await db.collection('ledger').find().toArray();
    const user = await db.collection('users').findOne({ email: 'root@example.org' });
    return {
      codes: results.map((result) => String(result['unique_code'])),
      received: assignments.reduce((sum, assignment) => sum + Number(assignment['received']), 0),
      ledgerSum: ledger.reduce((sum, entry) => sum + Number(entry['amount']), 0),
      balance: Number(user?.['credits']),
    };
  } finally {
    await client.close();
  }
}
