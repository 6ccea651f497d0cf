/** The 99.9 % point of the normal distribution, two-sided. */
const Z = 3.2905;

/**
 * Between how many and how many of `n` independent trials with chance `p` succeed, in all but one of a thousand experiments
 * (exact, by the binomial distribution).
 */
export function binomialInterval(n: number, p: number): [least: number, most: number] {
  const tail = 0.0005;
  let logMass = n * Math.log(1 - p);
  let below = 0;
  let least = 0;
  for (let k = 0; k <= n; k++) {
    if (below < tail) least = k;
    below += Math.exp(logMass);
    if (below >= 1 - tail) return [least, k];
    logMass += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p));
  }
  return [least, n];
}

/** The same for a sum of `n` independent numbers of a mean and a variance, by the normal distribution. */
export function normalInterval(n: number, mean: number, variance: number): [least: number, most: number] {
  const half = Z * Math.sqrt(n * variance);
  return [n * mean - half, n * mean + half];
}

/** Of figures as the API gives them. */
export function sum(numbers: unknown[]): number {
  return numbers.reduce<number>((total, each) => total + Number(each), 0);
}
