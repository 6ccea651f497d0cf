import type { GeoProjection } from 'd3-geo';
import { colour } from '../plots/palette.js';
import type { Place, Spot, View } from './places.js';

const DOT = 4;
/** Spots that stand so near to each other are drawn once: nobody could tell them apart. */
const CELL = 2;
/** So far around the frame land and spots are drawn as well, in pixels: a drag shows what is there, and draws nothing anew. */
const MARGIN = 240;

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
  /** its colours */
  dark: boolean;
}

/** Draws the map as it is in a view. What of it only moves is kept as a picture, which is larger than the frame. */
export class MapPainter {
  private readonly picture = document.createElement('canvas');
  private kept: { drawing: Drawing; ratio: number } | undefined;

  draw(canvas: HTMLCanvasElement, drawing: Drawing): void {
    const { width, height, view } = drawing;
    const ratio = devicePixelRatio;
    const context = sized(canvas, width, height, ratio);
    if (context === null) return;
    if (!this.covers(drawing, ratio)) this.paint(drawing, ratio);
    const { x = view.x, y = view.y } = this.kept?.drawing.view ?? {};
    context.drawImage(
      this.picture,
      // on whole pixels: nothing has to be smoothed
      Math.round((view.x - x - MARGIN) * ratio) / ratio,
      Math.round((view.y - y - MARGIN) * ratio) / ratio,
      this.picture.width / ratio,
      this.picture.height / ratio,
    );
    drawMarks(context, drawing);
  }

  /** Whether the picture has all that is in the frame of a view, as it has to be drawn now. */
  private covers(drawing: Drawing, ratio: number): boolean {
    if (this.kept === undefined || this.kept.ratio !== ratio) return false;
    const { drawing: of } = this.kept;
    return (
      SAME.every((name) => of[name] === drawing[name]) &&
      of.view.scale === drawing.view.scale &&
      Math.abs(of.view.x - drawing.view.x) <= MARGIN &&
      Math.abs(of.view.y - drawing.view.y) <= MARGIN
    );
  }

  private paint(drawing: Drawing, ratio: number): void {
    const { width, height, view } = drawing;
    const around = {
      ...drawing,
      width: width + 2 * MARGIN,
      height: height + 2 * MARGIN,
      view: { ...view, x: view.x + MARGIN, y: view.y + MARGIN },
    };
    const context = sized(this.picture, around.width, around.height, ratio);
    if (context === null) return;
    drawLand(context, around, ratio);
    // those that are not connected beneath
    drawSpots(context, around, false, ratio);
    drawSpots(context, around, true, ratio);
    this.kept = { drawing, ratio };
  }
}

/** What of a drawing its land and spots are made of, beside the view. */
const SAME = ['width', 'height', 'world', 'outline', 'spots', 'places', 'dark'] as const;

/** @returns what draws on an empty canvas of a size, in pixels of the page */
function sized(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  ratio: number,
): CanvasRenderingContext2D | null {
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
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
    context.drawImage(
      stamp,
      Math.round((left - half) * ratio) / ratio,
      Math.round((top - half) * ratio) / ratio,
      size,
      size,
    );
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
