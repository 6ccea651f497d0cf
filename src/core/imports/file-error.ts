/** A file that cannot be read on: what came before counts. */
export class FileError extends Error {
  override readonly name = 'FileError';
}
