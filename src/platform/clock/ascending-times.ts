/** A clock that was set back by more than this is followed all the same: times must not be wrong for as long. */
const MOST_AHEAD_MS = 60_000;

/** Times of what is read in their order: each is later than the one before, also where the clock was set back by up to a minute. */
export class AscendingTimes {
  private last = -Infinity;

  /** @param now what the clock says @returns that, or a millisecond after the last time where that is no earlier */
  next(now: Date): Date {
    const [time, least] = [now.getTime(), this.last + 1];
    this.last = least - time > MOST_AHEAD_MS ? time : Math.max(time, least);
    return new Date(this.last);
  }
}
