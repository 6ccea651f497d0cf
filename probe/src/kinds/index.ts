import { dns } from './dns/index.js';
import { http } from './http/index.js';
import type { Kind } from '../measuring/kind.js';
import { mtr } from './mtr/index.js';
import { ntp } from './ntp/index.js';
import { ping } from './ping/index.js';
import { tls } from './tls/index.js';
import { traceroute } from './traceroute/index.js';

/** Every kind of measurement that this probe knows. */
export const kinds: readonly Kind[] = [ping, traceroute, dns, http, tls, ntp, mtr].map(
  (kind) => kind as unknown as Kind,
);

export const kindByName: ReadonlyMap<string, Kind> = new Map(kinds.map((kind) => [kind.name, kind]));
