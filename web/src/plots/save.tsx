import * as Menu from '@radix-ui/react-dropdown-menu';
import { useState, type ReactNode } from 'react';
import { saveFile } from '../ui/save-file.js';

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
export function SavePlot({ name, draw }: { name: string; draw: () => Drawing | undefined }): ReactNode {
  const [failed, setFailed] = useState(false);
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

/** @returns a drawing of the page with all that its styles say written into it; undefined: it is not there */
export function drawingOf(element: SVGSVGElement | null): Drawing | undefined {
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
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of [
    ['width', '100%'],
    ['height', '100%'],
    ['fill', getComputedStyle(document.querySelector('.panel') ?? document.body).backgroundColor],
  ] as const)
    ground.setAttribute(name, value);
  copy.prepend(ground);
  return { svg: new XMLSerializer().serializeToString(copy), width, height };
}
