import { recordOpener } from './opener.js';
import { Reader } from './reader.js';
import { suiteName } from './suites.js';

/** What a server said in a handshake, as far as it came. */
export interface Flight {
  version: string | null;
  /** IANA's name. */
  cipher: string | null;
  alpn: string | null;
  /** DER, as many and in the order in which they were sent. */
  certificates: Buffer[];
  clientCertificateRequested: boolean | null;
}

const VERSIONS = new Map([
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);
const HEADER_BYTES = 5;
/** RFC 8446, section 4.1.3: such a ServerHello is the question for another key share. */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
const RECORD = { changeCipherSpec: 20, handshake: 22, applicationData: 23 } as const;
const MESSAGE = {
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  certificateRequest: 13,
  serverHelloDone: 14,
  finished: 20,
} as const;
const EXTENSION = { alpn: 16, supportedVersions: 43 } as const;

/**
 * Reads what a server sent in a handshake of TLS 1.3 (RFC 8446) or before (RFC 5246), whether or not it came to its end.
 * @param bytes as they came over the connection; what cannot be read ends the reading
 * @param secret of TLS 1.3: server_handshake_traffic_secret, as the TLS library tells it; without it all behind the hello stays shut
 */
export function readFlight(bytes: Buffer, secret: Buffer | null): Flight {
  const reading = new FlightReading(secret);
  try {
    reading.read(bytes);
  } catch {
    // What came before counts.
  }
  return reading.flight;
}

class FlightReading {
  readonly flight: Flight = {
    version: null,
    cipher: null,
    alpn: null,
    certificates: [],
    clientCertificateRequested: null,
  };
  private suite = 0;
  private open: ReturnType<typeof recordOpener> = null;
  /** Messages may go over several records. */
  private unread = Buffer.alloc(0);
  private isOver = false;

  constructor(private readonly secret: Buffer | null) {}

  private get isTls13(): boolean {
    return this.flight.version === 'TLSv1.3';
  }

  read(bytes: Buffer): void {
    for (let at = 0; at + HEADER_BYTES <= bytes.length && !this.isOver;) {
      const header = bytes.subarray(at, at + HEADER_BYTES);
      const length = header.readUInt16BE(3);
      const content = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
      if (content.length < length) return;
      this.readRecord(header[0] ?? 0, header, content);
      at += HEADER_BYTES + length;
    }
  }

  private readRecord(type: number, header: Buffer, content: Buffer): void {
    if (type === RECORD.handshake) this.readMessages(content);
    // In TLS 1.3 it means nothing; before, all behind it is shut.
    else if (type === RECORD.changeCipherSpec) this.isOver = !this.isTls13;
    else if (type === RECORD.applicationData && this.secret !== null && this.isTls13) {
      this.open ??= recordOpener(this.suite, this.secret);
      const opened = this.open?.(header, content);
      if (opened?.type === RECORD.handshake) this.readMessages(opened.content);
      else this.isOver = true;
    } else this.isOver = true;
  }

  private readMessages(content: Buffer): void {
    this.unread = Buffer.concat([this.unread, content]);
    while (this.unread.length >= 4 && !this.isOver) {
      const end = 4 + this.unread.readUIntBE(1, 3);
      if (this.unread.length < end) return;
      const body = this.unread.subarray(4, end);
      this.readMessage(this.unread[0] ?? 0, body);
      this.unread = this.unread.subarray(end);
    }
  }

  private readMessage(type: number, body: Buffer): void {
    const { flight } = this;
    switch (type) {
      case MESSAGE.serverHello:
        this.readHello(new Reader(body));
        return;
      case MESSAGE.encryptedExtensions:
        this.readExtensions(new Reader(body).vector(2));
        return;
      case MESSAGE.certificate:
        flight.certificates = this.certificatesIn(new Reader(body));
        // RFC 8446, section 4.3.2: the request would have come before.
        if (this.isTls13) flight.clientCertificateRequested ??= false;
        return;
      case MESSAGE.certificateRequest:
        flight.clientCertificateRequested = true;
        return;
      case MESSAGE.serverHelloDone:
      case MESSAGE.finished:
        flight.clientCertificateRequested ??= false;
        this.isOver = true;
        return;
      default:
    }
  }

  private readHello(hello: Reader): void {
    const version = hello.uint(2);
    const isRetry = hello.take(32).equals(RETRY);
    hello.vector(1);
    this.suite = hello.uint(2);
    hello.uint(1);
    this.flight.version = VERSIONS.get(version) ?? null;
    if (!hello.isEmpty) this.readExtensions(hello.vector(2));
    this.flight.cipher = isRetry ? null : suiteName(this.suite);
  }

  private readExtensions(bytes: Buffer): void {
    const extensions = new Reader(bytes);
    while (!extensions.isEmpty) {
      const type = extensions.uint(2);
      const content = new Reader(extensions.vector(2));
      if (type === EXTENSION.supportedVersions) this.flight.version = VERSIONS.get(content.uint(2)) ?? null;
      // RFC 7301, section 3.1: a list of one name.
      if (type === EXTENSION.alpn)
        this.flight.alpn = new Reader(content.vector(2)).vector(1).toString('latin1');
    }
  }

  private certificatesIn(message: Reader): Buffer[] {
    if (this.isTls13) message.vector(1);
    const list = new Reader(message.vector(3));
    const found: Buffer[] = [];
    while (!list.isEmpty) {
      found.push(list.vector(3));
      if (this.isTls13) list.vector(2);
    }
    return found;
  }
}
