import { existsSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_FILE, ConfigError, type SettingName, type Settings } from './config.js';
import { messageOf } from '../platform/errors.js';
import type { Log } from '../platform/log.js';
import { type LiveRules, rulesOf } from '../policy/rules.js';

/** What holds for every run that begins after the configuration was changed; all else holds from the next start on. */
const LIVE: ReadonlySet<SettingName> = new Set<SettingName>([
  'allow',
  'deny',
  'only',
  'allowPrivate',
  'denyKinds',
  'onlyKinds',
  'rate',
  'concurrentRuns',
  'packetsPerSecond',
  'mibPerDay',
  'runSeconds',
]);
/** The file is looked at, not listened to: that works for a renamed file, and on every file system. */
const LOOK_EVERY_MS = 1_000;

export interface Reloading {
  settings: Settings;
  /** Puts the settings together anew, from the same command line and environment. @throws ConfigError */
  read: () => Settings;
  rules: LiveRules;
  log: Log;
  /** New rules are in force; says whether the kinds are others. */
  onChange: (kindsChanged: boolean) => void;
}

/** Brings what the host writes into its configuration into force, without a restart. What cannot be understood changes nothing. */
export class ConfigReload {
  private settings: Settings;
  private readonly path: string;
  private hadFile: boolean;
  private readonly look = (): void => {
    this.reload();
  };

  constructor(private readonly parts: Reloading) {
    this.settings = parts.settings;
    this.path = join(parts.settings.dataDir, CONFIG_FILE);
    this.hadFile = existsSync(this.path);
  }

  start(): void {
    watchFile(this.path, { interval: LOOK_EVERY_MS, persistent: false }, this.look);
    // What was written since the settings were read.
    this.reload();
  }

  stop(): void {
    unwatchFile(this.path, this.look);
  }

  reload(): void {
    const { log } = this.parts;
    try {
      this.apply(this.read());
    } catch (error) {
      log.error(
        { detail: messageOf(error) },
        'the configuration cannot be used: the old rules stay in force',
      );
    }
  }

  /** A file that is gone took its rules with it: that is no permission. */
  private read(): Settings {
    const settings = this.parts.read();
    const hasFile = existsSync(this.path);
    if (this.hadFile && !hasFile) throw new ConfigError(`${this.path} is gone`);
    this.hadFile = hasFile;
    return settings;
  }

  private apply(settings: Settings): void {
    const names = Object.keys(settings) as (keyof Settings)[];
    const changed = names.filter((name) => !isSame(settings[name], this.settings[name]));
    if (changed.length === 0) return;
    const [live, later] = [changed.filter(isLive), changed.filter((name) => !isLive(name))];
    const { rules, log, onChange } = this.parts;
    rules.replace(rulesOf(settings));
    const kindsChanged = live.includes('denyKinds') || live.includes('onlyKinds');
    this.settings = settings;
    if (live.length > 0)
      log.info({ changed: live }, 'the rules of the host have changed: in force for new runs');
    if (later.length > 0) log.warn({ detail: later.join(', ') }, 'settings were changed that need a restart');
    if (live.length > 0) onChange(kindsChanged);
  }
}

function isLive(name: keyof Settings): boolean {
  return LIVE.has(name as SettingName);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
