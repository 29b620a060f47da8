// The npm packages live outside the sources: in RTAI_E2E, or in build/e2e of this tree. packages.py installs them.
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../..');
const home = process.env.RTAI_E2E ? resolve(process.env.RTAI_E2E) : join(root, 'build/e2e');

/// A file of a package, such as 'ws/package.json'.
export function path_of(file) { return join(home, 'node_modules', file); }

export function load(name) {
  if (!existsSync(path_of(name))) {
    console.error(`The npm package '${name}' is not in ${home}. Install it with:\n  ${here}/packages.py true`);
    process.exit(2);
  }
  return createRequire(join(home, 'package.json'))(name);
}
