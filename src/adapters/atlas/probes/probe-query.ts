import { type Request } from 'express';
import { type Presence, type ProbeFilter, type ProbeSearch } from '../../../core/probes/index.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { textOf, wordsOf } from '../listing.js';
import { PROBE_STATUSES } from './probe.presenter.js';

/** Of a listing nothing has this number: what was asked for cannot be. */
const NOBODY = [-1];

interface ProbeQuery {
  filter: ProbeFilter;
  search: ProbeSearch;
  isDescending: boolean;
}

/** Reads the filters of `GET /probes/`; parameters that do not exist are ignored. */
export function readProbeQuery(request: Request): ProbeQuery {
  const numbers = numbersIn(request, 'id__in') ?? numbersIn(request, 'id');
  const [v4, v6, either] = ['asn_v4', 'asn_v6', 'asn'].map(
    (name) => numbersIn(request, `${name}__in`) ?? numbersIn(request, name),
  );
  const [from, to] = rangeIn(request, 'id', 1);
  const prefix = wordsOf(request, 'prefix');
  const countries = (wordsOf(request, 'country_code__in') ?? wordsOf(request, 'country_code'))?.map((code) =>
    code.toUpperCase(),
  );
  return {
    filter: {
      ...(numbers && { numbers: numbers.length === 0 ? NOBODY : numbers }),
      numbersFrom: from,
      numbersTo: to,
      countries,
      asns: either,
      asns_v4: v4,
      asns_v6: v6,
      prefixes: prefix,
      tags: wordsOf(request, 'tags')?.map((tag) => tag.toLowerCase()),
      anchor: truthIn(request, 'is_anchor'),
      near: nearIn(request),
    },
    search: {
      presences: presencesIn(request),
      text: textOf(request, 'search'),
      latitude: degreesIn(request, 'latitude'),
      longitude: degreesIn(request, 'longitude'),
      prefixesV4: wordsOf(request, 'prefix_v4'),
      prefixesV6: wordsOf(request, 'prefix_v6'),
      ...(truthIn(request, 'is_public') === false && { presences: [] }),
    },
    isDescending: textOf(request, 'sort') === '-id',
  };
}

/** @throws DomainError invalid_request: one of its words is no whole number */
export function numbersIn(request: Request, name: string): number[] | undefined {
  return wordsOf(request, name)?.map((word) => {
    if (!/^\d{1,15}$/.test(word)) throw wrong(name, 'must be whole numbers with commas between them');
    return Number(word);
  });
}

/** @throws DomainError invalid_request */
export function truthIn(request: Request, name: string): boolean | undefined {
  const text = textOf(request, name)?.toLowerCase();
  if (text === undefined) return undefined;
  if (!Object.hasOwn(TRUTHS, text)) throw wrong(name, 'must be true or false');
  return TRUTHS[text];
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  ...{ true: true, yes: true, 1: true },
  ...{ false: false, no: false, 0: false },
};

/** A filter that cannot be read: without it the answer would be about something else. */
export function wrong(name: string, message: string): DomainError {
  return DomainError.invalid({ field: name, message, in: 'parameter' });
}

/** @param step the distance between two values that can be told apart @returns both ends, included */
function rangeIn(
  request: Request,
  name: string,
  step: number,
): [from: number | undefined, to: number | undefined] {
  const [gt, gte, lt, lte] = ['gt', 'gte', 'lt', 'lte'].map((how) => decimalIn(request, `${name}__${how}`));
  const from = Math.max(gt === undefined ? -Infinity : gt + step, gte ?? -Infinity);
  const to = Math.min(lt === undefined ? Infinity : lt - step, lte ?? Infinity);
  return [Number.isFinite(from) ? from : undefined, Number.isFinite(to) ? to : undefined];
}

function decimalIn(request: Request, name: string): number | undefined {
  const text = textOf(request, name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) throw wrong(name, 'must be a number');
  return Number(text);
}

function degreesIn(request: Request, name: string) {
  const [from, to] = rangeIn(request, name, 1e-9);
  return from === undefined && to === undefined ? undefined : { from, to };
}

function presencesIn(request: Request): Presence[] | undefined {
  const wanted = (wordsOf(request, 'status') ?? wordsOf(request, 'status__in'))?.map((word) =>
    word.toLowerCase(),
  );
  return (
    wanted &&
    (Object.keys(PROBE_STATUSES) as Presence[]).filter((presence) => {
      const { id, name } = PROBE_STATUSES[presence];
      return wanted.includes(String(id)) || wanted.includes(name.toLowerCase());
    })
  );
}

/** `LAT,LON:KM`: here the latitude comes first. */
function nearIn(request: Request): ProbeFilter['near'] {
  const text = textOf(request, 'radius');
  if (text === undefined) return undefined;
  const match = /^(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?):(\d{1,5}(?:\.\d+)?)$/.exec(text);
  const [latitude = NaN, longitude = NaN, within_km = NaN] = (match ?? []).slice(1).map(Number);
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180))
    throw wrong('radius', 'must be LATITUDE,LONGITUDE:KILOMETRES');
  return { latitude, longitude, within_km };
}
