import { type GeoProjection, geoEqualEarth, geoPath } from 'd3-geo';
import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from 'react';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import outlines from 'world-atlas/land-110m.json?url';
import { colour } from '../plots/palette.js';
import { useDark } from '../ui/scheme.js';

export interface Spot {
  id: string;
  name: string;
  longitude: number;
  latitude: number;
  connected: boolean;
}

interface Props {
  spots: readonly Spot[];
  label: string;
  height?: number;
  chosen?: readonly string[] | undefined;
  onChoose?: (id: string) => void;
  /** where a click that hits no spot is */
  onPlace?: (place: { longitude: number; latitude: number }) => void;
  /** a place that is marked */
  place?: { longitude: number; latitude: number } | undefined;
}

type Land = ReturnType<typeof feature>;
interface View {
  scale: number;
  x: number;
  y: number;
}

const WHOLE: View = { scale: 1, x: 0, y: 0 };
const DOT = 4;
const NEAR = 9;
let land: Promise<Land> | undefined;

/** The outlines come as data of their own, once. */
function loadLand(): Promise<Land> {
  land ??= fetch(outlines)
    .then((response) => response.json())
    .then((topology: Topology<{ land: GeometryCollection }>) => feature(topology, topology.objects.land));
  land.catch(() => {
    land = undefined;
  });
  return land;
}

/** A map of the world on a canvas: it draws 10,000 spots in a few milliseconds, and asks no server for tiles. */
export function WorldMap({ spots, label, height = 380, chosen, onChoose, onPlace, place }: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [view, setView] = useState<View>(WHOLE);
  const [shape, setShape] = useState<Land>();
  const [tip, setTip] = useState<{ x: number; y: number; text: string }>();
  const drag = useRef<{ x: number; y: number; view: View; moved: boolean } | undefined>(undefined);
  const dark = useDark();
  useEffect(() => {
    let here = true;
    loadLand().then(
      (loaded) => {
        if (here) setShape(loaded);
      },
      () => undefined,
    );
    const element = holder.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => {
      here = false;
      observer.disconnect();
    };
  }, []);
  const projection = useCallback(() => projectionOf(width, height, view), [width, height, view]);
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (canvas.current !== null && width > 0)
        draw(canvas.current, { width, height, projection: projection(), shape, spots, chosen, place });
    });
    return () => cancelAnimationFrame(frame);
  }, [width, height, projection, shape, spots, chosen, place, dark]);

  const zoom = useCallback(
    (factor: number, at?: { x: number; y: number }) => {
      setView((before) => zoomed(before, factor, at ?? { x: width / 2, y: height / 2 }, width, height));
    },
    [width, height],
  );
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !element.matches(':focus')) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.25 : 0.8, { x: event.offsetX, y: event.offsetY });
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [zoom]);

  const spotAt = (x: number, y: number): Spot | undefined => nearest(spots, projection(), x, y);
  const move = (event: PointerEvent<HTMLCanvasElement>): void => {
    const { offsetX: x, offsetY: y } = event.nativeEvent;
    const from = drag.current;
    if (from === undefined) {
      const spot = spotAt(x, y);
      setTip(
        spot && {
          x: x + 12,
          y: y + 12,
          text: `${spot.name}, ${spot.connected ? 'connected' : 'not connected'}`,
        },
      );
      return;
    }
    const [dx, dy] = [x - from.x, y - from.y];
    if (Math.abs(dx) + Math.abs(dy) > 4) from.moved = true;
    if (from.moved)
      setView(bounded({ ...from.view, x: from.view.x + dx, y: from.view.y + dy }, width, height));
  };
  const release = (event: PointerEvent<HTMLCanvasElement>): void => {
    const moved = drag.current?.moved ?? true;
    drag.current = undefined;
    if (moved) return;
    const { offsetX: x, offsetY: y } = event.nativeEvent;
    const spot = onChoose === undefined ? undefined : spotAt(x, y);
    if (spot !== undefined) onChoose?.(spot.id);
    else put(projection(), x, y, onPlace);
  };
  const press = (event: KeyboardEvent<HTMLCanvasElement>): void => {
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[
      event.key
    ];
    if (step)
      setView((before) =>
        bounded({ ...before, x: before.x + (step[0] ?? 0), y: before.y + (step[1] ?? 0) }, width, height),
      );
    else if (event.key === '+') zoom(1.4);
    else if (event.key === '-') zoom(1 / 1.4);
    else if (event.key === 'Enter') put(projection(), width / 2, height / 2, onPlace);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className={onPlace === undefined ? 'map' : 'map pick'}
      ref={holder}
      style={{ height: `${height}px` }}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        tabIndex={0}
        onPointerDown={({ nativeEvent, currentTarget, pointerId }) => {
          currentTarget.setPointerCapture(pointerId);
          drag.current = { x: nativeEvent.offsetX, y: nativeEvent.offsetY, view, moved: false };
        }}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => (drag.current = undefined)}
        onPointerLeave={() => setTip(undefined)}
        onKeyDown={press}
      />
      <div className="tools">
        <button type="button" className="button" aria-label="Zoom in" onClick={() => zoom(1.6)}>
          +
        </button>
        <button type="button" className="button" aria-label="Zoom out" onClick={() => zoom(1 / 1.6)}>
          −
        </button>
        <button type="button" className="button" aria-label="Whole world" onClick={() => setView(WHOLE)}>
          ⤢
        </button>
      </div>
      {tip && (
        <div className="tip" style={{ left: `${Math.min(tip.x, width - 180)}px`, top: `${tip.y}px` }}>
          {tip.text}
        </div>
      )}
    </div>
  );
}

function projectionOf(width: number, height: number, { scale, x, y }: View): GeoProjection {
  const projection = geoEqualEarth().fitExtent(
    [
      [6, 6],
      [width - 6, height - 6],
    ],
    { type: 'Sphere' },
  );
  const [left, top] = projection.translate();
  return projection.scale(projection.scale() * scale).translate([left * scale + x, top * scale + y]);
}

function zoomed(
  view: View,
  factor: number,
  at: { x: number; y: number },
  width: number,
  height: number,
): View {
  const scale = Math.min(Math.max(view.scale * factor, 1), 60);
  const by = scale / view.scale;
  return bounded({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, width, height);
}

/** The map does not leave its frame. */
function bounded({ scale, x, y }: View, width: number, height: number): View {
  const [least, lowest] = [width * (1 - scale), height * (1 - scale)];
  return {
    scale,
    x: Math.min(Math.max(x, least - width / 3), width / 3),
    y: Math.min(Math.max(y, lowest - height / 3), height / 3),
  };
}

function put(projection: GeoProjection, x: number, y: number, onPlace: Props['onPlace']): void {
  const at = projection.invert?.([x, y]);
  if (!at || onPlace === undefined) return;
  const [longitude, latitude] = at;
  if (Math.abs(longitude) > 180 || Math.abs(latitude) > 90) return;
  onPlace({ longitude: Math.round(longitude * 1e4) / 1e4, latitude: Math.round(latitude * 1e4) / 1e4 });
}

function nearest(spots: readonly Spot[], projection: GeoProjection, x: number, y: number): Spot | undefined {
  let best: Spot | undefined;
  let least = NEAR * NEAR;
  for (const spot of spots) {
    const at = projection([spot.longitude, spot.latitude]);
    if (at === null) continue;
    const far = (at[0] - x) ** 2 + (at[1] - y) ** 2;
    if (far < least) [best, least] = [spot, far];
  }
  return best;
}

interface Drawing extends Pick<Props, 'spots' | 'chosen' | 'place'> {
  width: number;
  height: number;
  projection: GeoProjection;
  shape: Land | undefined;
}

function draw(
  canvas: HTMLCanvasElement,
  { width, height, projection, shape, spots, chosen, place }: Drawing,
): void {
  const ratio = devicePixelRatio;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    canvas.width = width * ratio;
    canvas.height = height * ratio;
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const path = geoPath(projection, context);
  if (shape !== undefined) {
    context.beginPath();
    path(shape);
    context.fillStyle = colour('land');
    context.fill();
    context.strokeStyle = colour('coast');
    context.lineWidth = 0.6;
    context.stroke();
  }
  drawSpots(context, { width, height, projection, spots });
  drawMarks(context, { projection, spots, chosen, place });
}

function drawSpots(
  context: CanvasRenderingContext2D,
  { width, height, projection, spots }: Pick<Drawing, 'width' | 'height' | 'projection' | 'spots'>,
): void {
  const ground = colour('surface');
  // those that are not connected beneath, and as rings: not by colour alone
  const looks = [
    { connected: false, fill: ground, stroke: colour('dot-off'), line: 1.6, radius: DOT - 0.8 },
    { connected: true, fill: colour('dot'), stroke: ground, line: 1, radius: DOT },
  ];
  for (const { connected, fill, stroke, line, radius } of looks) {
    Object.assign(context, { fillStyle: fill, strokeStyle: stroke, lineWidth: line });
    for (const spot of spots) {
      if (spot.connected !== connected) continue;
      const at = projection([spot.longitude, spot.latitude]);
      if (at === null || !isInSight(at, width, height)) continue;
      context.beginPath();
      context.arc(at[0], at[1], radius, 0, 7);
      context.fill();
      context.stroke();
    }
  }
}

function isInSight([x, y]: [number, number], width: number, height: number): boolean {
  return x >= -DOT && y >= -DOT && x <= width + DOT && y <= height + DOT;
}

function drawMarks(
  context: CanvasRenderingContext2D,
  { projection, spots, chosen, place }: Pick<Drawing, 'projection' | 'spots' | 'chosen' | 'place'>,
): void {
  context.strokeStyle = colour('accent');
  context.lineWidth = 2.4;
  const marked = spots.filter(({ id }) => chosen?.includes(id) === true);
  for (const { longitude, latitude } of place === undefined ? marked : [...marked, place]) {
    const at = projection([longitude, latitude]);
    if (at === null) continue;
    context.beginPath();
    context.arc(at[0], at[1], DOT + 4, 0, 7);
    context.stroke();
  }
}
