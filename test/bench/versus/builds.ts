import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Build {
  /** with main.js and cli/ */
  dist: string;
  remove(): void;
}

/** What stands built in this tree. */
export function ownBuild(): Build {
  return { dist: join(ROOT, 'dist'), remove: () => undefined };
}

/**
 * Builds another revision in a git worktree of its own, outside this tree.
 * @throws where git does not know the revision, or it cannot be built
 */
export function buildOf(revision: string): Build {
  const folder = mkdtempSync(join(tmpdir(), 'pladmed-versus-'));
  const tree = join(folder, 'tree');
  const remove = (): void => {
    run(ROOT, 'git', 'worktree', 'remove', '--force', tree);
    rmSync(folder, { recursive: true, force: true });
  };
  run(ROOT, 'git', 'worktree', 'add', '--detach', '--quiet', tree, revision);
  try {
    if (lockOf(tree) === lockOf(ROOT)) linkDependencies(tree);
    else run(tree, 'npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error');
    run(tree, 'npm', 'run', '--silent', 'build');
  } catch (error) {
    remove();
    throw error;
  }
  return { dist: join(tree, 'dist'), remove };
}

function lockOf(tree: string): string {
  return readFileSync(join(tree, 'package-lock.json'), 'utf8');
}

/** Links each package of ours, so that those of the workspaces are the other tree's own. */
function linkDependencies(tree: string): void {
  for (const modules of ['node_modules', 'probe/node_modules', 'warts/node_modules']) {
    for (const name of packagesIn(join(ROOT, modules))) {
      const link = join(tree, modules, name);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join(ROOT, modules, name), link);
    }
  }
  mkdirSync(join(tree, 'node_modules/@pladmed'));
  // a folder each, of the same name
  for (const name of readdirSync(join(ROOT, 'node_modules/@pladmed')))
    symlinkSync(join(tree, name), join(tree, 'node_modules/@pladmed', name));
}

/** @returns names, with their scope; none where there is no such folder, and none of ours */
function packagesIn(modules: string): string[] {
  try {
    const scopes = readdirSync(modules).filter((name) => name !== '@pladmed' && name !== '.cache');
    return scopes.flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((each) => join(name, each)) : [name],
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
