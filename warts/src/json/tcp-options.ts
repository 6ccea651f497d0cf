import { hexadecimal } from './text.js';

/** Kinds of TCP options (IANA). */
const END = 0;
const NOP = 1;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;
const FAST_OPEN = 34;
const EXPERIMENT = 254;
const FAST_OPEN_EXPERIMENT = 0xf989;

/** Options before which scamper of 2026 writes no blank. */
const CLOSE = new Set([WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS]);

/** The options of a TCP header as JSON objects; the edges of SACK blocks are made relative to `isn`. */
export function tcpOptions(bytes: Uint8Array, isn: number, isNew: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  const add = (kind: number, option: string): void => {
    const blank = isNew && CLOSE.has(kind) ? '' : ' ';
    text += (text === '' ? '' : `,${blank}`) + option;
  };
  for (let at = 0; at < bytes.length;) {
    const kind = view.getUint8(at);
    if (kind === END) {
      add(kind, '{"kind":"eol"}');
      break;
    }
    if (kind === NOP) {
      add(kind, '{"kind":"nop"}');
      at++;
      continue;
    }
    const length = at + 1 < bytes.length ? view.getUint8(at + 1) : 0;
    if (length === 0 || at + length > bytes.length) break;
    const value = new DataView(bytes.buffer, bytes.byteOffset + at, length);
    const option = kind === SACK ? sackJson(value, isn, isNew) : optionJson(kind, length, value);
    if (option !== undefined) add(kind, option);
    at += length;
  }
  return text;
}

function optionJson(kind: number, length: number, view: DataView): string | undefined {
  switch (kind) {
    case WINDOW_SCALE:
      return length === 3 ? `{"kind":"wscale", "shift":${view.getUint8(2)}}` : undefined;
    case SACK_PERMITTED:
      return length === 2 ? '{"kind":"sack-ok"}' : undefined;
    case TIMESTAMPS:
      return length === 10
        ? `{"kind":"ts", "val":${view.getUint32(2)}, "ecr":${view.getUint32(6)}}`
        : undefined;
    case FAST_OPEN:
      return `{"kind":"fo"${cookie(view, 2)}}`;
    case EXPERIMENT:
      if (length < 4 || view.getUint16(2) !== FAST_OPEN_EXPERIMENT) return undefined;
      return `{"kind":"fo-exp"${cookie(view, 4)}}`;
    default:
      return undefined;
  }
}

function sackJson(view: DataView, isn: number, isNew: boolean): string | undefined {
  const blocks: string[] = [];
  for (let at = 2; at + 8 <= view.byteLength; at += 8) {
    const left = (view.getUint32(at) - isn) >>> 0;
    const right = (view.getUint32(at + 4) - isn) >>> 0;
    blocks.push(`{"left":${left}, "right":${right}}`);
  }
  return `{"kind":"sack", "blocks":[${blocks.join(isNew ? ',' : ', ')}]}`;
}

function cookie(view: DataView, at: number): string {
  if (view.byteLength <= at) return '';
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, view.byteLength - at);
  return `, "cookie":"${hexadecimal(bytes)}"`;
}
