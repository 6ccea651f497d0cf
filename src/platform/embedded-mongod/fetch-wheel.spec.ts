import { describe, expect, it } from '@jest/globals';
import { findWheelLink } from './fetch-wheel.js';
import { every, progressText } from './progress.js';

const BASE = 'https://index.example/simple/thing/';

describe('findWheelLink', () => {
  it('finds a file among the anchors, relative or not, without its digest', () => {
    const page = `<a href="https://files.example/a/one.whl#sha256=00">one.whl</a>
      <a data-requires-python="&gt;=3.7" href="../../b/two.whl#sha256=11">two.whl</a>`;
    expect(findWheelLink(page, 'one.whl', BASE)).toBe('https://files.example/a/one.whl');
    expect(findWheelLink(page, 'two.whl', BASE)).toBe('https://index.example/b/two.whl');
  });

  it('says when the index does not list it', () => {
    expect(() => findWheelLink('<html></html>', 'one.whl', BASE)).toThrow(`${BASE} does not list one.whl`);
  });
});

describe('progress', () => {
  it('is shown at first, then at intervals, and at the end', () => {
    const shown: number[] = [];
    let now = 0;
    const show = every(
      2000,
      (done) => shown.push(done),
      () => now,
    );
    show(1, 4);
    now = 1999;
    show(2, 4);
    now = 2000;
    show(3, 4);
    show(4, 4);
    expect(shown).toEqual([1, 3, 4]);
  });

  it('is told in megabytes, with the total where it is known', () => {
    expect(progressText(1_234_567, 42_156_333)).toBe('1.2 of 42.2 MB');
    expect(progressText(1_234_567, 0)).toBe('1.2 MB');
  });
});
