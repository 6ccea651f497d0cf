import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../platform/database/object-id.js';
import { Foresight } from './foresight.js';

describe('Foresight', () => {
  const owner = { _id: new ObjectId(), credits: 10 };

  it('expects what the account can pay, or everything where nothing costs', () => {
    const paid = new Foresight(true);
    expect([paid.isLikely(owner, { credits: 10 }), paid.isLikely(owner, { credits: 11 })]).toEqual([
      true,
      false,
    ]);
    expect(new Foresight(false).isLikely(owner, { credits: 11 })).toBe(true);
  });

  it('expects nothing of an owner of whom something was refused lately', () => {
    const foresight = new Foresight(true);
    foresight.noteRefusal(owner);
    expect(foresight.isLikely(owner, { credits: 1 })).toBe(false);
    expect(foresight.isLikely({ ...owner, _id: new ObjectId() }, { credits: 1 })).toBe(true);
  });
});
