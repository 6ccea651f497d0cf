import { exitWhenInterrupted } from '../interrupted.js';
import { type Build, buildOf, ownBuild } from './builds.js';
import { median, type Scenario, SCENARIOS } from './scenarios.js';
import { standingTarget, startBuild, type Target } from './targets.js';

/** Of this build and the other: A B B A A B and so on, so that what drifts falls on both. */
const PAIRS = 5;

/** One figure of one target, round by round. */
type Figures = Map<string, number[]>;

/**
 * make bench VS=<git revision or URL>: this build beside another server, in turn on one machine under the same load. Processor
 * time is what can be trusted; each ratio stands with those of its single pairs of rounds, which say how much noise there is.
 */
async function main(): Promise<void> {
  exitWhenInterrupted();
  const [versus = 'HEAD', ...only] = process.argv.slice(2);
  const unknown = only.find((name) => !SCENARIOS.some((scenario) => isNamed(scenario, name)));
  if (unknown !== undefined)
    throw new Error(`There is no scenario ${unknown}: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  const scenarios = SCENARIOS.filter(
    (scenario) => only.length === 0 || only.some((name) => isNamed(scenario, name)),
  );
  const other: Build | undefined = versus.includes('://') ? undefined : buildOf(versus);
  const started: Target[] = [];
  try {
    const ours = await startBuild('this build', ownBuild());
    started.push(ours);
    const theirs = other === undefined ? standing(versus) : await startBuild(versus, other);
    started.push(theirs);
    console.log(`This build beside ${versus}: medians of ${PAIRS} rounds each, in turn`);
    for (const scenario of scenarios) console.table(await compare(scenario, ours, theirs));
  } finally {
    await Promise.all(started.map((target) => target.stop()));
    other?.remove();
  }
}

/** `fan-out` names all that begin so. */
function isNamed({ name }: Scenario, asked: string): boolean {
  return name === asked || name.startsWith(`${asked}-`);
}

function standing(url: string): Target {
  const { VS_SUPERUSER: superuser, VS_PIDS: pids = '' } = process.env;
  if (superuser === undefined)
    throw new Error('VS_SUPERUSER has to name a superuser of that server (e-mail:password)');
  return standingTarget(url, superuser, pids);
}

/** @returns a row for each figure */
async function compare(scenario: Scenario, ours: Target, theirs: Target): Promise<object[]> {
  const sides = [];
  for (const target of [ours, theirs])
    sides.push({ target, round: await scenario.prepare(target), figures: new Map() as Figures });
  // the first of each warms up
  for (const { round } of sides) await round();
  for (let pair = 0; pair < PAIRS; pair += 1) {
    for (const { target, round, figures } of pair % 2 === 0 ? sides : sides.toReversed())
      await takeRound(scenario, target, round, figures);
  }
  for (const { target } of sides) target.disconnectAll();
  const [own, other] = sides.map(({ figures }) => figures);
  return [...(own ?? [])].flatMap(([name, values]) => {
    const beside = other?.get(name);
    return beside === undefined ? [] : [rowOf(scenario, theirs.label, name, values, beside)];
  });
}

async function takeRound(
  { unit }: Scenario,
  target: Target,
  round: Awaited<ReturnType<Scenario['prepare']>>,
  figures: Figures,
): Promise<void> {
  const note = (name: string, value: number | undefined): void => {
    if (value !== undefined) figures.set(name, [...(figures.get(name) ?? []), value]);
  };
  let done: Awaited<ReturnType<typeof round>> | undefined;
  const processor = await target.measured(async () => {
    done = await round();
  });
  if (done === undefined) return;
  const { units, times, perSecond } = done;
  note(`server, processor ms a ${unit}`, processor.server && processor.server / units);
  note(`database, processor ms a ${unit}`, processor.database && processor.database / units);
  for (const [name, ms] of Object.entries(times)) note(`${name}, ms`, ms);
  note(`${unit}s a second`, perSecond);
}

function rowOf(
  { name: scenario }: Scenario,
  label: string,
  figure: string,
  own: readonly number[],
  other: readonly number[],
): object {
  const ratios = own.map((value, pair) => value / (other[pair] ?? NaN));
  const of = (value: number): number => Number(value.toPrecision(3));
  return {
    scenario,
    figure,
    'this build': of(median(own)),
    [label]: of(median(other)),
    ratio: of(median(own) / median(other)),
    'ratios of pairs': `${of(Math.min(...ratios))} to ${of(Math.max(...ratios))}`,
  };
}

await main();
process.exit(0);
