import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from 'react';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import outlines from 'world-atlas/land-110m.json?url';
import { useDark } from '../ui/scheme.js';
import { MapPainter } from './draw.js';
import {
  earthAt,
  type Land,
  nearest,
  outlineOf,
  placesOf,
  type Place,
  type Spot,
  type View,
  WHOLE,
  wholeWorld,
} from './places.js';

interface Props {
  spots: readonly Spot[];
  label: string;
  height?: number;
  chosen?: readonly string[] | undefined;
  onChoose?: (id: string) => void;
  /** where a click that hits no spot is */
  onPlace?: (place: Place) => void;
  /** a place that is marked */
  place?: Place | undefined;
}

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
export function WorldMap({
  spots,
  label,
  height: most = 380,
  chosen,
  onChoose,
  onPlace,
  place,
}: Props): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  // on a narrow page the world is no higher than it needs
  const height = width === 0 ? most : Math.min(most, Math.max(180, Math.round(width * 0.6)));
  const [view, setView] = useState<View>(WHOLE);
  const [shape, setShape] = useState<Land>();
  const [tip, setTip] = useState<{ x: number; y: number; text: string }>();
  const drag = useRef<{ x: number; y: number; view: View; moved: boolean } | undefined>(undefined);
  const dark = useDark();
  const [painter] = useState(() => new MapPainter());
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
  const world = useMemo(() => wholeWorld(Math.max(width, 13), height), [width, height]);
  const outline = useMemo(() => outlineOf(shape, world), [shape, world]);
  const places = useMemo(() => placesOf(spots, world), [spots, world]);
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (canvas.current !== null && width > 0)
        painter.draw(canvas.current, {
          ...{ width, height, view, world, outline },
          ...{ spots, places, chosen, place, dark },
        });
    });
    return () => cancelAnimationFrame(frame);
  }, [painter, width, height, view, world, outline, spots, places, chosen, place, dark]);

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

  const spotAt = (x: number, y: number): Spot | undefined => {
    const index = nearest(places, view, x, y);
    return index === undefined ? undefined : spots[index];
  };
  const put = (x: number, y: number): void => {
    const at = onPlace && earthAt(world, view, x, y);
    if (at !== undefined) onPlace?.(at);
  };
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
    else put(x, y);
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
    else if (event.key === 'Enter') put(width / 2, height / 2);
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
