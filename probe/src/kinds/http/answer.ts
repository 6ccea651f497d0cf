import { Broken } from '../../measuring/connection.js';
import type { HttpEntry } from './entry.js';
import { bodyLength, type Header, lengthOf, parseHeaderLine, textOf, trimmed } from './header.js';
import { LineReader } from './lines.js';

/** Status line and header of an answer; the trailers of a chunked one have as much again. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Extensions of all chunks of an answer: they count as no body. */
const MAX_EXTENSION_BYTES = 16 * 1024;
/** 1xx answers before the one that counts. */
const MAX_INTERIM_ANSWERS = 16;
const MAX_LOCATION_LENGTH = 2_048;
const MAX_VALUE_LENGTH = 256;
const CR = 0x0d;
const LF = 0x0a;
const NAME_OF_HTTP = Buffer.from('HTTP/');
const STATUS_LINE = /^HTTP\/(\d\.\d)[ \t]+([^ \t]*)/;
const CHUNK_SIZE = /^([\da-f]{1,16})[ \t]*(;.*)?$/i;

/** What may still be read of bodies, in bytes. */
export interface Allowance {
  ofBody: number;
  /** Shared by the requests of a run. */
  ofRun: { left: number };
}

type Phase = 'status' | 'header' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' | 'over';

/**
 * Reads an answer of HTTP/1 (RFC 9112) from bytes as they come, and fills in the entry as far as it gets. It reads what clients are
 * allowed to read, or do read, and notes in `irregular` what a server should not have sent.
 */
export class AnswerReader {
  private phase: Phase = 'status';
  private readonly lines = new LineReader(MAX_HEADER_BYTES);
  private status = 0;
  private headers: Header[] = [];
  /** The header that the next line may continue. */
  private open: { name: string; parts: string[] } | null = null;
  private interim = 0;
  /** Of the body, or of the chunk, in bytes; Infinity until the connection is closed. */
  private left = 0;
  private extensionBytes = 0;

  constructor(
    private readonly method: string,
    private readonly entry: HttpEntry,
    private readonly allowance: Allowance,
  ) {}

  /**
   * @returns whether the answer is over, or cut off at the allowance; what follows it is not looked at
   * @throws Broken with llhttp's name for what cannot be read
   */
  push(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length && this.phase !== 'over';) {
      at +=
        this.phase === 'body' || this.phase === 'chunk'
          ? this.takeBody(chunk.length - at)
          : this.takeLine(chunk.subarray(at));
    }
    return this.phase === 'over';
  }

  /** The other side has closed the connection. @throws Broken where that is not the answer's end */
  end(): void {
    if (this.phase === 'over' || (this.phase === 'body' && this.left === Number.POSITIVE_INFINITY)) return;
    throw new Broken('ECONNRESET');
  }

  private takeBody(available: number): number {
    const coming = Math.min(available, this.left);
    const { allowance, entry } = this;
    const taken = Math.min(coming, allowance.ofBody - (entry.body_bytes ?? 0), allowance.ofRun.left);
    entry.body_bytes = (entry.body_bytes ?? 0) + taken;
    allowance.ofRun.left -= taken;
    this.left -= taken;
    if (taken < coming) {
      entry.truncated = true;
      this.phase = 'over';
    } else if (this.left === 0) this.phase = this.phase === 'chunk' ? 'chunk end' : 'over';
    return taken;
  }

  /** @returns how many bytes belong to the line */
  private takeLine(bytes: Buffer): number {
    const { line, taken } = this.lines.take(bytes);
    if (this.phase === 'status') this.checkStart();
    if (line === null) return taken;
    if (!line.endedByCrLf) this.note('bare_lf');
    this.readLine(line.text);
    return taken;
  }

  /** Ends at the first byte that no answer begins with, whether or not a line's end ever comes. */
  private checkStart(): void {
    const { start } = this.lines;
    if (start[0] === CR || start[0] === LF) return;
    if (!start.equals(NAME_OF_HTTP.subarray(0, start.length))) throw new Broken('HPE_INVALID_CONSTANT');
  }

  private readLine(text: string): void {
    switch (this.phase) {
      case 'status':
        this.readStatus(text);
        return;
      case 'header':
        this.readHeader(text);
        return;
      case 'chunk size':
        this.readChunkSize(text);
        return;
      case 'chunk end':
        if (text !== '') throw new Broken('HPE_INVALID_CHUNK_SIZE');
        this.beginChunk();
        return;
      default:
        if (text === '') this.phase = 'over';
    }
  }

  private readStatus(text: string): void {
    // Of empty lines before an answer clients take no notice.
    if (text === '') return;
    const [matched, version = '', status = ''] = STATUS_LINE.exec(text) ?? [];
    if (matched === undefined) throw new Broken('HPE_INVALID_VERSION');
    this.entry.http_version = version;
    // RFC 9112, section 4: three digits. Which of them mean something is not for the probe to say.
    if (!/^\d{3}$/.test(status)) throw new Broken('HPE_INVALID_STATUS');
    this.status = Number(status);
    this.entry.status = this.isInterim ? null : this.status;
    this.headers = [];
    this.phase = 'header';
  }

  /** 101 is the last answer of HTTP on a connection, the other 1xx come before one (RFC 9110, section 15.2). */
  private get isInterim(): boolean {
    return this.status >= 100 && this.status <= 199 && this.status !== 101;
  }

  private readHeader(text: string): void {
    if (text === '') {
      this.closeHeader();
      this.endHeader();
      return;
    }
    const { line, irregular } = parseHeaderLine(text, this.open === null);
    for (const word of irregular) this.note(word);
    if (line === 'nothing') return;
    if ('continues' in line) {
      this.open?.parts.push(line.continues);
      return;
    }
    this.closeHeader();
    this.open = { name: line.begins.name, parts: [line.begins.value] };
  }

  /** A header is over when the next line does not continue it. */
  private closeHeader(): void {
    if (this.open === null) return;
    const header = { name: this.open.name, value: trimmed(this.open.parts.join(' ')) };
    this.open = null;
    this.headers.push(header);
    if (!this.isInterim) this.show(header);
  }

  /** Of a header that came twice the first counts, of those that are kept here. */
  private show({ name, value }: Header): void {
    const { entry } = this;
    if (name === 'location') entry.location ??= textOf(value, MAX_LOCATION_LENGTH);
    if (name === 'content-type') entry.content_type ??= textOf(value, MAX_VALUE_LENGTH);
    if (name === 'server') entry.server ??= textOf(value, MAX_VALUE_LENGTH);
  }

  private endHeader(): void {
    const bytes = this.lines.restart();
    if (this.isInterim) {
      this.interim += 1;
      if (this.interim > MAX_INTERIM_ANSWERS) throw new Broken('too many interim answers');
      this.phase = 'status';
      return;
    }
    const { entry } = this;
    entry.header_bytes = bytes;
    entry.content_length = lengthOf(this.headers);
    const { length, irregular } = bodyLength(this.method, this.status, entry.http_version, this.headers);
    for (const word of irregular) this.note(word);
    entry.body_bytes = 0;
    entry.truncated = false;
    if (length === 'chunked') this.beginChunk();
    else {
      this.left = length;
      this.phase = length === 0 ? 'over' : 'body';
    }
  }

  private beginChunk(): void {
    this.lines.restart();
    this.phase = 'chunk size';
  }

  private readChunkSize(text: string): void {
    const [matched, size = '', extension = ''] = CHUNK_SIZE.exec(text) ?? [];
    if (matched === undefined) throw new Broken('HPE_INVALID_CHUNK_SIZE');
    this.extensionBytes += extension.length;
    if (this.extensionBytes > MAX_EXTENSION_BYTES) throw new Broken('HPE_CHUNK_EXTENSIONS_OVERFLOW');
    this.lines.restart();
    this.left = Number.parseInt(size, 16);
    this.phase = this.left === 0 ? 'trailer' : 'chunk';
  }

  private note(word: string): void {
    const { irregular } = this.entry;
    if (!irregular.includes(word)) irregular.push(word);
  }
}
