/** What is used here of a class that MongoDB's driver does not export (7.8.0). */
declare module 'mongodb/lib/cmap/connection.js' {
  export class Connection {
    readonly id: unknown;
    /** why it is closed; null: it is not */
    readonly error: Error | null;
    once(event: 'close', listener: () => void): unknown;
    removeListener(event: 'close', listener: () => void): unknown;
    onError(error: Error): void;
    writeCommand(command: unknown, options: { signal?: AbortSignal }): Promise<unknown>;
  }
}
