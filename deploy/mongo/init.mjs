// Makes a fresh mongod the replica set and the accounts that the stack expects, and does nothing the second time.
//
// Runs once at each start, in the network namespace of the mongo container: mongod lets a client from its
// own loopback address initiate the set and create the first account while there is none. It uses the driver
// and not mongosh, so that it works with any image that has a mongod.
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';

const { MongoClient } = mongoose.mongo;

const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const ALREADY_INITIALIZED = 23;
const USER_EXISTS = 51_003;
const DEADLINE_MS = 120_000;
const WRONG_PASSWORD =
  'the database refuses MONGO_INITDB_ROOT_PASSWORD of .env_database; its volume was made with another one.';

const deadline = Date.now() + DEADLINE_MS;
const settings = {
  root: required('MONGO_INITDB_ROOT_USERNAME'),
  rootPassword: required('MONGO_INITDB_ROOT_PASSWORD'),
  user: required('MONGO_USERNAME'),
  password: required('MONGO_PASSWORD'),
  database: process.env.MONGO_DATABASE || 'pladmed',
  replicaSet: process.env.MONGO_REPLICA_SET || 'rs0',
  host: process.env.MONGO_REPLICA_HOST || 'mongo:27017',
};

try {
  await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function main() {
  const anonymous = await connect();
  try {
    await ensureReplicaSet(anonymous);
    await ensurePrimary(anonymous);
    await ensureRoot(anonymous);
  } finally {
    await anonymous.close();
  }
  const root = await connect({ username: settings.root, password: settings.rootPassword });
  try {
    await ensureUser(root);
  } finally {
    await root.close();
  }
  say(`replica set ${settings.replicaSet} and account ${settings.user} are ready.`);
}

function required(name) {
  const value = process.env[name];
  if (value && value !== 'change-me') return value;
  say(`${name} is missing: it belongs in .env_server or .env_database; \`make start\` makes both files.`);
  process.exit(64);
}

function say(text) {
  console.log(`mongo-init: ${text}`);
}

/** Connects to mongod on our loopback address; waits while it starts. */
async function connect(auth) {
  for (;;) {
    const client = new MongoClient('mongodb://127.0.0.1:27017/', {
      directConnection: true,
      serverSelectionTimeoutMS: 2000,
      ...(auth && { auth, authSource: 'admin' }),
    });
    try {
      await client.connect();
      await client.db('admin').command({ hello: 1 });
      return client;
    } catch (error) {
      await client.close();
      if (error.code === AUTHENTICATION_FAILED) throw new Error(WRONG_PASSWORD, { cause: error });
      if (Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

async function ensureReplicaSet(anonymous) {
  const hello = await anonymous.db('admin').command({ hello: 1 });
  if (hello.setName !== undefined) return;
  const command = {
    replSetInitiate: { _id: settings.replicaSet, members: [{ _id: 0, host: settings.host }] },
  };
  try {
    await anonymous.db('admin').command(command);
  } catch (error) {
    if (error.code === ALREADY_INITIALIZED) return;
    if (error.code !== UNAUTHORIZED) throw error;
    // The data has accounts but no replica set: it was copied from a standalone mongod.
    const root = await connect({ username: settings.root, password: settings.rootPassword });
    try {
      await root.db('admin').command(command);
    } finally {
      await root.close();
    }
  }
  say(`replica set ${settings.replicaSet} initiated with ${settings.host}.`);
}

async function ensurePrimary(client) {
  for (;;) {
    const hello = await client.db('admin').command({ hello: 1 });
    if (hello.isWritablePrimary) return;
    if (Date.now() > deadline) {
      throw new Error(`the replica set has no primary after ${DEADLINE_MS / 1000} s.`);
    }
    await sleep(250);
  }
}

async function ensureRoot(anonymous) {
  try {
    await anonymous.db('admin').command({
      createUser: settings.root,
      pwd: settings.rootPassword,
      roles: [{ role: 'root', db: 'admin' }],
    });
    say(`account ${settings.root} created.`);
  } catch (error) {
    if (error.code === USER_EXISTS || error.code === UNAUTHORIZED) return;
    throw error;
  }
}

/** The server's own account: everything inside its database, nothing outside it. */
async function ensureUser(root) {
  const account = {
    pwd: settings.password,
    roles: [{ role: 'dbOwner', db: settings.database }],
  };
  const admin = root.db('admin');
  try {
    await admin.command({ createUser: settings.user, ...account });
  } catch (error) {
    if (error.code !== USER_EXISTS) throw error;
    await admin.command({ updateUser: settings.user, ...account });
  }
}
