import { type GeoProjection, geoEqualEarth, geoPath } from 'd3-geo';
import type { feature } from 'topojson-client';

export interface Spot {
  id: string;
  name: string;
  longitude: number;
  latitude: number;
  connected: boolean;
}

export interface Place {
  longitude: number;
  latitude: number;
}

/** How far the whole map is enlarged and moved, in pixels. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export type Land = ReturnType<typeof feature>;

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
const NEAR = 9;

/** @returns the projection of the whole world into a frame: every view of it is moved and enlarged, and projects nothing anew */
export function wholeWorld(width: number, height: number): GeoProjection {
  return geoEqualEarth().fitExtent(
    [
      [6, 6],
      [width - 6, height - 6],
    ],
    { type: 'Sphere' },
  );
}

/** @returns where each spot stands in the whole world: x and y in turns */
export function placesOf(spots: readonly Place[], world: GeoProjection): Float64Array {
  const places = new Float64Array(2 * spots.length);
  spots.forEach(({ longitude, latitude }, index) => {
    const at = world([longitude, latitude]) ?? [NaN, NaN];
    places.set(at, 2 * index);
  });
  return places;
}

export function outlineOf(land: Land | undefined, world: GeoProjection): Path2D | undefined {
  return land && new Path2D(geoPath(world)(land) ?? '');
}

/** @returns where on earth a point of the canvas is; undefined: beside it */
export function earthAt(
  world: GeoProjection,
  { scale, x, y }: View,
  px: number,
  py: number,
): Place | undefined {
  const at = world.invert?.([(px - x) / scale, (py - y) / scale]);
  if (!at) return undefined;
  const [longitude, latitude] = at;
  if (Math.abs(longitude) > 180 || Math.abs(latitude) > 90) return undefined;
  return { longitude: Math.round(longitude * 1e4) / 1e4, latitude: Math.round(latitude * 1e4) / 1e4 };
}

/** @returns which spot is nearest to a point of the canvas, and near enough; undefined: none */
export function nearest(
  places: Float64Array,
  { scale, x, y }: View,
  px: number,
  py: number,
): number | undefined {
  let best: number | undefined;
  let least = NEAR * NEAR;
  for (let index = 0; index < places.length; index += 2) {
    const dx = (places[index] ?? 0) * scale + x - px;
    const dy = (places[index + 1] ?? 0) * scale + y - py;
    const far = dx * dx + dy * dy;
    if (far < least) [best, least] = [index / 2, far];
  }
  return best;
}
