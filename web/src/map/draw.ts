import { type GeoProjection, geoEqualEarth, geoPath } from 'd3-geo';
import type { feature } from 'topojson-client';
import { colour } from '../plots/palette.js';

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
const DOT = 4;
const NEAR = 9;
/** Spots that stand so near to each other are drawn once: nobody could tell them apart. */
const CELL = 2;

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

export interface Drawing {
  width: number;
  height: number;
  view: View;
  world: GeoProjection;
  outline: Path2D | undefined;
  spots: readonly Spot[];
  places: Float64Array;
  chosen: readonly string[] | undefined;
  /** a place that is marked */
  place: Place | undefined;
}

/** Draws the map as it is in a view: 10,000 spots in a few milliseconds. */
export function drawMap(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const { width, height } = drawing;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  drawLand(context, drawing, ratio);
  // those that are not connected beneath
  drawSpots(context, drawing, false, ratio);
  drawSpots(context, drawing, true, ratio);
  drawMarks(context, drawing);
}

function drawLand(context: CanvasRenderingContext2D, { outline, view }: Drawing, ratio: number): void {
  if (outline === undefined) return;
  const { scale, x, y } = view;
  context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
  context.fillStyle = colour('land');
  context.fill(outline);
  context.strokeStyle = colour('coast');
  context.lineWidth = 0.6 / scale;
  context.stroke(outline);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

/** A dot, or a ring for what is not connected: not told apart by colour alone. */
function stampOf(connected: boolean, ratio: number): HTMLCanvasElement {
  const stamp = document.createElement('canvas');
  const size = 2 * (DOT + 1);
  stamp.width = Math.ceil(size * ratio);
  stamp.height = stamp.width;
  const context = stamp.getContext('2d');
  if (context === null) return stamp;
  const ground = colour('surface');
  context.scale(ratio, ratio);
  context.beginPath();
  context.arc(DOT + 1, DOT + 1, connected ? DOT : DOT - 0.8, 0, 7);
  context.fillStyle = connected ? colour('dot') : ground;
  context.fill();
  context.strokeStyle = connected ? ground : colour('dot-off');
  context.lineWidth = connected ? 1 : 1.6;
  context.stroke();
  return stamp;
}

function drawSpots(
  context: CanvasRenderingContext2D,
  { width, height, view: { scale, x, y }, spots, places }: Drawing,
  connected: boolean,
  ratio: number,
): void {
  const stamp = stampOf(connected, ratio);
  const [size, half] = [stamp.width / ratio, DOT + 1];
  const columns = Math.ceil(width / CELL) + 1;
  const drawn = new Uint8Array(columns * (Math.ceil(height / CELL) + 1));
  for (let index = 0; index < spots.length; index += 1) {
    if (spots[index]?.connected !== connected) continue;
    const left = (places[2 * index] ?? NaN) * scale + x;
    const top = (places[2 * index + 1] ?? NaN) * scale + y;
    if (!(left >= 0 && top >= 0 && left <= width && top <= height)) continue;
    const cell = Math.floor(top / CELL) * columns + Math.floor(left / CELL);
    if (drawn[cell] === 1) continue;
    drawn[cell] = 1;
    context.drawImage(stamp, left - half, top - half, size, size);
  }
}

function drawMarks(
  context: CanvasRenderingContext2D,
  { view: { scale, x, y }, world, spots, places, chosen, place }: Drawing,
): void {
  context.strokeStyle = colour('accent');
  context.lineWidth = 2.4;
  const ring = (left: number, top: number): void => {
    context.beginPath();
    context.arc(left * scale + x, top * scale + y, DOT + 4, 0, 7);
    context.stroke();
  };
  const wanted = new Set(chosen);
  if (wanted.size > 0)
    spots.forEach(({ id }, index) => {
      if (wanted.has(id)) ring(places[2 * index] ?? NaN, places[2 * index + 1] ?? NaN);
    });
  const marked = place && world([place.longitude, place.latitude]);
  if (marked) ring(...marked);
}
