import { isDeepStrictEqual } from 'node:util';
import { defaultTimeout, OPTIONS } from '../request/options.js';
import { type MeasurementRequest } from '../request/read-request.js';

/** What a measurement shows of what was asked for: without what is so by default. */
export interface ShownRequest {
  type: string;
  target: string;
  limit?: number;
  locations?: object[];
  measurementOptions?: object;
  timeout?: number;
}

export function shownRequest(request: MeasurementRequest): ShownRequest {
  const { type, target, timeout, limit, locations } = request;
  const defaults = { ...OPTIONS[type].parse({}), ipVersion: 4 };
  const options = beyond(request.options, defaults);
  const shown = typeof locations === 'string' ? [] : locations.map(shownLocation);
  return {
    type,
    target,
    ...(limit !== Math.max(1, shown.length) && { limit }),
    ...(shown.length > 0 && { locations: shown }),
    ...(Object.keys(options).length > 0 && { measurementOptions: options }),
    ...(timeout !== defaultTimeout(request) && { timeout }),
  };
}

function shownLocation({ limit, ...location }: { limit?: number | undefined }): object {
  const shown = limit === undefined || limit === 1 ? location : { ...location, limit };
  // what was not given is not there either
  return JSON.parse(JSON.stringify(shown)) as object;
}

/** @returns the members of the first that differ from those of the second */
function beyond(given: object, defaults: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
      const other: unknown = Reflect.get(defaults, name);
      if (value === undefined || isDeepStrictEqual(value, other)) return [];
      return isObject(value) && isObject(other) ? [[name, beyond(value, other)]] : [[name, value]];
    }),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
