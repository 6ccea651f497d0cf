import mongoose from 'mongoose';

/** A look into the database of a server, past it: for what would take it a month to come about. */
export class TestDatabase {
  private readonly client: mongoose.mongo.MongoClient;

  /** @param uri with the name of the database */
  constructor(uri: string) {
    this.client = new mongoose.mongo.MongoClient(uri);
  }

  get db(): mongoose.mongo.Db {
    return this.client.db();
  }

  collection(name: string): mongoose.mongo.Collection {
    return this.client.db().collection(name);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
