import { describe, expect, it } from '@jest/globals';
import { explainOutput, judgeVersion } from './mongod-version.js';

describe('judgeVersion', () => {
  it('reads the first line of --version', () => {
    expect(judgeVersion('db version v6.0.5\nBuild Info: {}')).toEqual({ works: true, version: '6.0.5' });
  });

  it('refuses what is too old, and what is no mongod', () => {
    expect(judgeVersion('db version v4.4.29')).toMatchObject({
      works: false,
      reason: 'it is version 4.4.29, and 6.0 or later is needed',
    });
    expect(judgeVersion('GNU bash, version 5.2')).toMatchObject({ works: false });
  });
});

describe('explainOutput', () => {
  it('names the missing library and its package', () => {
    const output =
      'mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file';
    expect(explainOutput(output)).toBe(
      'the shared library libcurl.so.4 is missing; on Debian and Ubuntu: apt-get install libcurl4',
    );
  });

  it('knows a system that is too old, and has nothing to say of other output', () => {
    const output = "mongod: /lib/libc.so.6: version `GLIBC_2.34' not found (required by mongod)";
    expect(explainOutput(output)).toBe("this system's libraries are too old for it (GLIBC_2.34 is missing)");
    expect(explainOutput('ready')).toBeUndefined();
  });
});
