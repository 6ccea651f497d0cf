import * as Menu from '@radix-ui/react-dropdown-menu';
import { useState, type ReactNode } from 'react';
import { saveFile } from '../ui/save-file.js';
import { type Cell, csvOf } from './csv.js';

/** A drawing that stands for itself: its size, and all its colours in it. */
export interface Drawing {
  svg: string;
  width: number;
  height: number;
}

const SHARPNESS = 2;

/** @returns the same as pixels, twice as many as it has points: for paper and for screens of today */
async function pngOf({ svg, width, height }: Drawing): Promise<Blob> {
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * SHARPNESS;
  canvas.height = height * SHARPNESS;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('The browser draws no pictures');
  context.scale(SHARPNESS, SHARPNESS);
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error('The picture is too large')) : resolve(blob)));
  });
}

/** Gives a plot away as a file, for reports. */
export function SavePlot({
  name,
  draw,
  figures,
}: {
  name: string;
  draw: () => Drawing | undefined;
  /** what is drawn, as rows under a row of names; absent: it is no plot of figures */
  figures?: () => readonly (readonly Cell[])[];
}): ReactNode {
  const [failed, setFailed] = useState(false);
  const tell = (): void => {
    if (figures !== undefined)
      saveFile(new Blob([csvOf(figures())], { type: 'text/csv;charset=utf-8' }), `${name}.csv`);
  };
  const save = async (format: 'png' | 'svg'): Promise<void> => {
    try {
      const drawing = draw();
      if (drawing === undefined) return;
      const blob =
        format === 'png'
          ? await pngOf(drawing)
          : new Blob([drawing.svg], { type: 'image/svg+xml;charset=utf-8' });
      saveFile(blob, `${name}.${format}`);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <>
      {failed && (
        <span className="wrong" role="alert">
          It could not be drawn.
        </span>
      )}
      <Menu.Root>
        <Menu.Trigger className="button small" aria-label={`Save the plot ${name}`}>
          Save
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="end" sideOffset={4}>
            <Menu.Item textValue="PNG" onSelect={() => void save('png')}>
              PNG <small>pixels, for slides and mail</small>
            </Menu.Item>
            <Menu.Item textValue="SVG" onSelect={() => void save('svg')}>
              SVG <small>lines, for paper</small>
            </Menu.Item>
            {figures !== undefined && (
              <Menu.Item textValue="CSV" onSelect={tell}>
                CSV <small>its figures, for spreadsheets</small>
              </Menu.Item>
            )}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
    </>
  );
}

const KEPT = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'font-size',
  'font-family',
  'font-weight',
  'opacity',
];

/** What stands beside a drawing in the page, and has to be in it when it stands alone. */
export interface Caption {
  title: string;
  legend: readonly { name: string; fill: string }[];
}

const TITLE_HEIGHT = 32;
const LEGEND_LINE = 20;
const LEGEND_ITEM = 170;

/** @returns a drawing of the page with all that its styles say written into it; undefined: it is not there */
export function drawingOf(element: SVGSVGElement | null, caption?: Caption): Drawing | undefined {
  if (element === null) return undefined;
  const { width, height } = element.getBoundingClientRect();
  const copy = element.cloneNode(true) as SVGSVGElement;
  const from = [element, ...element.querySelectorAll('*')];
  const to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((each, index) => {
    const style = getComputedStyle(each);
    for (const name of KEPT) to[index]?.setAttribute(name, style.getPropertyValue(name));
    to[index]?.removeAttribute('style');
    to[index]?.removeAttribute('class');
  });
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const style = getComputedStyle(document.querySelector('.panel') ?? document.body);
  const across = Math.max(1, Math.floor(width / LEGEND_ITEM));
  const lines = Math.ceil((caption?.legend.length ?? 0) / across);
  const all = height + (caption === undefined ? 0 : TITLE_HEIGHT + LEGEND_LINE * lines);
  const sheet = made('svg', { width, height: all, 'font-family': style.fontFamily });
  sheet.append(made('rect', { width: '100%', height: '100%', fill: style.backgroundColor }));
  if (caption !== undefined) {
    copy.setAttribute('y', String(TITLE_HEIGHT));
    sheet.append(made('text', { x: 12, y: 21, 'font-size': 15, fill: style.color }, caption.title));
    for (const [index, { name, fill }] of caption.legend.entries()) {
      const x = 12 + (index % across) * LEGEND_ITEM;
      const y = TITLE_HEIGHT + height + LEGEND_LINE * Math.floor(index / across);
      sheet.append(
        made('rect', { x, y, width: 11, height: 11, fill }),
        made('text', { x: x + 17, y: y + 10, 'font-size': 12, fill: style.color }, name),
      );
    }
  }
  sheet.append(copy);
  return { svg: new XMLSerializer().serializeToString(sheet), width, height: all };
}

const SVG = 'http://www.w3.org/2000/svg';

function made(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}
