import { describe, expect, it } from '@jest/globals';
import { RecentNames } from './recent-names.js';

const namesTo = (count: number) => Array.from({ length: count }, (_, index) => `run ${index}`);

describe('RecentNames', () => {
  it('remembers the last ones, so many at least and twice as many at the most', () => {
    const names = new RecentNames(10);
    for (const [index, name] of namesTo(95).entries()) {
      names.add(name);
      const known = namesTo(index + 1).filter((each) => names.has(each));
      expect(known).toEqual(namesTo(index + 1).slice(-known.length));
      expect(known.length).toBeGreaterThanOrEqual(Math.min(10, index + 1));
      expect(known.length).toBeLessThanOrEqual(20);
    }
  });

  it('does not count one twice that is added again', () => {
    const names = new RecentNames(3);
    for (const name of ['first', 'again', 'again', 'again', 'again']) names.add(name);
    expect(names.has('first')).toBe(true);
  });

  it('forgets all when it is told to', () => {
    const names = new RecentNames(1);
    for (const name of namesTo(2)) names.add(name);
    names.clear();
    expect(namesTo(2).some((name) => names.has(name))).toBe(false);
  });
});
