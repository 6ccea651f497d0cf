import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../platform/database/object-id.js';
import { type LinkCapabilities } from '../probes/index.js';
import { capabilitiesOf, deliveredBy } from './delivered-capabilities.js';

const ALL = {
  ...{ acknowledges: true, canBeStopped: true, canBeOffset: true, namesRuns: true, schedulesItself: true },
};

describe('what a probe can that has an assignment', () => {
  it('is what its link could, whatever that is', () => {
    const yesOrNo = fc.boolean();
    const some = fc.record({
      ...{ acknowledges: yesOrNo, canBeStopped: yesOrNo, canBeOffset: yesOrNo },
      ...{ namesRuns: yesOrNo, schedulesItself: yesOrNo },
    });
    fc.assert(
      fc.property(some, fc.string(), (told, protocol) => {
        const capabilities: LinkCapabilities = { ...told, kinds: ['ping'] };
        expect(capabilitiesOf(deliveredBy({ protocol, capabilities }))).toEqual(told);
      }),
    );
  });

  it.each([
    // documents of main at 097953e: the protocol was all that they said
    ['native', { delivered_over: 'native' }, ALL],
    [
      'classic',
      { delivered_over: 'classic' },
      {
        ...{ acknowledges: false, canBeStopped: false, canBeOffset: false },
        ...{ namesRuns: false, schedulesItself: true },
      },
    ],
    ['of nobody yet', {}, ALL],
  ])('is read out of a document of an earlier version: %s', (_which, delivered, expected) => {
    const document = { _id: new ObjectId(), delivered_at: new Date(), ...delivered };
    expect(capabilitiesOf(document)).toEqual(expected);
  });

  it('is stored as bits that never change their meaning', () => {
    const storedOf = (less: Partial<LinkCapabilities>) =>
      deliveredBy({ protocol: 'any', capabilities: { ...ALL, kinds: [], ...less } }).delivered_with;
    expect([
      storedOf({}),
      storedOf({ acknowledges: false }),
      storedOf({ canBeStopped: false }),
      storedOf({ canBeOffset: false }),
      storedOf({ namesRuns: false }),
      storedOf({ schedulesItself: false }),
    ]).toEqual([31, 30, 29, 27, 23, 15]);
  });
});
