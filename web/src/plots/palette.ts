let swatch: HTMLElement | undefined;

/** @returns a colour of styles/base.css, as it is in the scheme of now: what the canvas understands */
export function colour(name: string): string {
  if (swatch === undefined) {
    swatch = document.createElement('i');
    swatch.hidden = true;
    document.body.append(swatch);
  }
  swatch.style.color = `var(--${name})`;
  return getComputedStyle(swatch).color;
}

/** Of lines, told apart by those who do not see all colours (Okabe and Ito, 2008), and by their names. */
const LIGHT = [
  '#0072b2',
  '#d55e00',
  '#007f5f',
  '#a8478f',
  '#8a6d00',
  '#3b3f8f',
  '#b3261e',
  '#4d7a1f',
  '#5a5f66',
  '#00788a',
];
const DARK = [
  '#56b4e9',
  '#ff9d4d',
  '#3fd0a0',
  '#e08bc9',
  '#f0e442',
  '#a3a8ff',
  '#ff8a80',
  '#a5d66b',
  '#b8bfc8',
  '#5ad8e6',
];

export function lineColour(index: number, dark: boolean): string {
  const colours = dark ? DARK : LIGHT;
  return colours[index % colours.length] ?? '#888888';
}

/** The colours of loss that SmokePing has, from none to all: https://oss.oetiker.ch/smokeping/ (`loss_colors`, of 20 packets). */
const LOSS = [
  [0, '#26ff00'],
  [0.05, '#00b8ff'],
  [0.1, '#0059ff'],
  [0.15, '#5e00ff'],
  [0.2, '#7e00ff'],
  [0.5, '#dd00ff'],
  [0.95, '#ff0000'],
] as const;

export function lossColour(loss: number): string {
  if (loss <= 0) return LOSS[0][1];
  return (LOSS.slice(1).find(([most]) => loss <= most) ?? LOSS[6])[1];
}

export const LOSS_LEGEND = [
  ['#26ff00', 'no loss'],
  ['#00b8ff', 'up to 5 %'],
  ['#0059ff', 'up to 10 %'],
  ['#5e00ff', 'up to 15 %'],
  ['#7e00ff', 'up to 20 %'],
  ['#dd00ff', 'up to 50 %'],
  ['#ff0000', 'more'],
] as const;
