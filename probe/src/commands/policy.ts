import {
  ConfigError,
  type Options,
  readConfigFile,
  readRuleSettings,
  type RuleSettings,
  VARIABLES,
} from '../config/config.js';
import { messageOf } from '../platform/errors.js';
import { kindByName } from '../kinds/index.js';
import { parseRate, rateName } from '../limits/rates.js';
import { deniedByDefault, parseNetwork } from '../policy/networks.js';
import { saveSettings } from './join.js';

/** The rules in force for this data folder, this command line and this environment. */
export function describePolicy(settings: RuleSettings): string {
  const { allow, deny, only, allowPrivate, denyKinds, onlyKinds, rate } = settings;
  const denied = denyKinds.length === 0 ? '' : ` but ${denyKinds.join(', ')}`;
  return [
    `allow       ${allow.join(', ') || '-'}`,
    `deny        ${deny.join(', ') || '-'} (stronger than allow)`,
    `only        ${only.join(', ') || '-'}`,
    `kinds       ${onlyKinds.length === 0 ? 'all' : onlyKinds.join(', ')}${denied}`,
    `rates       ${rate.join(', ') || '-'}`,
    `limits      ${settings.concurrentRuns} runs at one time, of at most ${settings.runSeconds} s`,
    `            ${settings.packetsPerSecond} packets a second`,
    `            ${settings.mibPerDay === 0 ? 'any number of' : settings.mibPerDay} MiB a day`,
    ...(allowPrivate
      ? ['private     allowed: nothing is denied by default']
      : deniedByDefault.map(({ name }) => `by default  denies ${name}`)),
  ].join('\n');
}

type Change = Partial<Record<'allow' | 'deny' | 'denyKinds' | 'rate', string[]>>;

/**
 * Allows or denies a network or a kind: adds it to the one list and takes it out of the other.
 * @returns what was done, for the person who did it
 * @throws ConfigError when it is neither
 */
export async function changePolicy(
  list: 'allow' | 'deny',
  what: string,
  options: Options,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { dataDir } = readRuleSettings(options, environment);
  const kept = keptLists(dataDir);
  const change: Change = {};
  if (kindByName.has(what)) {
    change.denyKinds = list === 'deny' ? added(kept.denyKinds, what) : without(kept.denyKinds, what);
  } else {
    checked(() => parseNetwork(what));
    const other = list === 'allow' ? 'deny' : 'allow';
    change[list] = added(kept[list], what);
    change[other] = without(kept[other], what);
  }
  const path = await saveSettings(dataDir, change);
  return [
    `${what}: ${list} is kept in ${path}; a running probe follows at once.`,
    ...overruled(list, environment),
  ].join('\n');
}

/** Sets the rate of a kind, in place of an earlier one; `ping=none` takes it away. @throws ConfigError */
export async function changeRate(
  text: string,
  options: Options,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { dataDir } = readRuleSettings(options, environment);
  const [, freed] = /^([a-z]+)=none$/.exec(text) ?? [];
  const kind = freed ?? checked(() => parseRate(text)).kind;
  if (!kindByName.has(kind))
    throw new ConfigError(`There is no kind ${kind}: ${[...kindByName.keys()].join(', ')}`);
  const others = keptLists(dataDir).rate.filter((each) => parseRate(each).kind !== kind);
  const rate = freed === undefined ? [...others, rateName(parseRate(text))] : others;
  const path = await saveSettings(dataDir, { rate });
  return `${text} is kept in ${path}; a running probe follows at once.`;
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError(messageOf(error));
  }
}

function keptLists(dataDir: string): Required<Change> {
  const file = readConfigFile(dataDir);
  const read = (name: keyof Change): string[] => {
    const value = file[name];
    if (typeof value === 'string') return value.split(',').map((each) => each.trim());
    return Array.isArray(value) ? value.map(String) : [];
  };
  return { allow: read('allow'), deny: read('deny'), denyKinds: read('denyKinds'), rate: read('rate') };
}

function added(items: readonly string[], item: string): string[] {
  return [...new Set([...items, item])];
}

function without(items: readonly string[], item: string): string[] {
  return items.filter((each) => each !== item);
}

/** What is kept in the file is not heard where a variable says something else. */
function overruled(list: 'allow' | 'deny', environment: NodeJS.ProcessEnv): string[] {
  const variable = VARIABLES[list];
  if (list === 'deny' || (environment[variable] ?? '') === '') return [];
  return [`But ${variable} is set here: it is stronger than the file.`];
}
