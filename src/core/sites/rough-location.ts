/** @returns degrees to two places: about a kilometre */
export function roughly(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
