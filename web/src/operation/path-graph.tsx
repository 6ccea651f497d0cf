import { useMemo, useRef, type ReactNode } from 'react';
import { drawingOf, SavePlot } from '../plots/save.js';
import { counted, ms, percent } from '../ui/format.js';
import type { Hop, Trace } from './trace-data.js';

interface Node {
  key: string;
  /** 0: a probe; else its TTL */
  column: number;
  row: number;
  title: string;
  note: string;
  look: 'probe' | 'hop' | 'silent' | 'end';
  changed: boolean;
}

interface Edge {
  key: string;
  from: Node;
  to: Node;
  /** how many traces take it */
  count: number;
}

const STEP = { x: 178, y: 52 };
const BOX = { width: 148, height: 36 };
const PAD = 12;

/** All ways of a run from the probes to the destinations: what several take in common is one line, the thicker the more. */
export function PathGraph({
  traces,
  hops,
  before,
  names,
}: {
  traces: readonly Trace[];
  hops: ReadonlyMap<Trace, readonly Hop[]>;
  /** for each trace the one that took another way before it */
  before: ReadonlyMap<Trace, Trace>;
  names: ReadonlyMap<string, string>;
}): ReactNode {
  const { nodes, edges, columns, rows } = useMemo(
    () => layout(traces, hops, before, names),
    [traces, hops, before, names],
  );
  const drawing = useRef<SVGSVGElement>(null);
  const width = columns * STEP.x + PAD;
  const height = rows * STEP.y + PAD;
  const looks = (look: Node['look']): number => nodes.filter((node) => node.look === look).length;
  const probes = looks('probe');
  return (
    <>
      <div className="plot-head">
        <ul className="loss-legend small muted">
          <li>A thicker line: more traces take it.</li>
          <li>
            <i className="swatch dashed" /> no answer
          </li>
          <li>
            <i className="swatch changed" /> changed since the path before
          </li>
        </ul>
        <SavePlot name="Paths" draw={() => drawingOf(drawing.current)} />
      </div>
      <div className="scroll" role="group" aria-label="Graph of paths, wider than the page" tabIndex={0}>
        <svg
          ref={drawing}
          className="path-graph"
          role="img"
          aria-label={`Paths from ${counted(probes, 'probe')} over ${counted(nodes.length - probes, 'hop')}, ${looks('silent')} of them silent. The tables beneath have the same.`}
          width={width}
          height={height}
        >
          {edges.map(({ key, from, to, count }) => (
            <path key={key} d={curveOf(from, to)} className="edge" strokeWidth={1 + Math.min(6, count)} />
          ))}
          {nodes.map((node) => (
            <Box key={node.key} node={node} />
          ))}
        </svg>
      </div>
    </>
  );
}

function Box({ node: { column, row, title, note, look, changed } }: { node: Node }): ReactNode {
  const [x, y] = [PAD + column * STEP.x, PAD + row * STEP.y];
  return (
    <g className={`node ${look}${changed ? ' changed' : ''}`}>
      <rect x={x} y={y} width={BOX.width} height={BOX.height} rx="5" />
      {/* a picture of its own: what is too wide for the box is cut off there, in whatever letters it is */}
      <svg x={x + 8} y={y} width={BOX.width - 12} height={BOX.height}>
        <text x={0} y={15} className="node-title">
          {cut(title, 18)}
        </text>
        <text x={0} y={29} className="node-note">
          {cut(note, 24)}
        </text>
      </svg>
      <title>{`${title} ${note}`}</title>
    </g>
  );
}

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

function curveOf(from: Node, to: Node): string {
  const [x1, y1] = [PAD + from.column * STEP.x + BOX.width, PAD + from.row * STEP.y + BOX.height / 2];
  const [x2, y2] = [PAD + to.column * STEP.x, PAD + to.row * STEP.y + BOX.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function layout(
  traces: readonly Trace[],
  hops: ReadonlyMap<Trace, readonly Hop[]>,
  before: ReadonlyMap<Trace, Trace>,
  names: ReadonlyMap<string, string>,
): { nodes: Node[]; edges: Edge[]; columns: number; rows: number } {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  const heights: number[] = [];
  const add = (key: string, made: Omit<Node, 'key' | 'row'>): Node => {
    const known = nodes.get(key);
    if (known !== undefined) {
      known.changed ||= made.changed;
      return known;
    }
    const row = heights[made.column] ?? 0;
    heights[made.column] = row + 1;
    const node = { key, row, ...made };
    nodes.set(key, node);
    return node;
  };
  for (const trace of traces) {
    const name = names.get(trace.probe) ?? trace.probe;
    let last = add(trace.probe, { column: 0, title: name, note: 'probe', look: 'probe', changed: false });
    for (const hop of hops.get(trace) ?? []) {
      const node = add(keyOf(hop, last), nodeOf(hop, trace, before.get(trace)));
      const key = `${last.key} > ${node.key}`;
      const edge = edges.get(key);
      if (edge === undefined) edges.set(key, { key, from: last, to: node, count: 1 });
      else edge.count += 1;
      last = node;
    }
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()],
    columns: Math.max(1, heights.length),
    rows: Math.max(1, ...heights),
  };
}

/** What does not answer is told apart by what is before it: two silent routers need not be one. */
function keyOf({ ttl, address }: Hop, last: Node): string {
  return address === null ? `${last.key} *${ttl}` : `${ttl} ${address}`;
}

function nodeOf(hop: Hop, trace: Trace, before: Trace | undefined): Omit<Node, 'key' | 'row'> {
  const { ttl, address, rtts, labels, loss } = hop;
  const isEnd = trace.reached && ttl === trace.path.length;
  const mpls = labels.length === 0 ? '' : ` MPLS ${labels.join(' ')}`;
  const lost = loss === null || loss === 0 ? '' : ` loss ${percent(loss)}`;
  const note =
    address === null ? `TTL ${ttl}, no answer` : `${ms(rtts[0] ?? (isEnd ? trace.rtt : null))}${lost}${mpls}`;
  return {
    column: ttl,
    title: address ?? '*',
    note,
    look: address === null ? 'silent' : isEnd ? 'end' : 'hop',
    changed: before !== undefined && (before.path[ttl - 1] ?? null) !== address,
  };
}
