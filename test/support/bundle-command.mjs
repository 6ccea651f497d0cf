/** Prints where the command `pladmed` is, made of its sources: a process of its own, since esbuild does not run within jest. */
import { bundleCommand } from './bundles.js';

process.argv.push('--document');
console.log(await bundleCommand());
