import { Injectable } from '@nestjs/common';

/** How many connections watch live events at this server. */
@Injectable()
export class LiveWatchers {
  private watchers = 0;

  get count(): number {
    return this.watchers;
  }

  /** Somebody watches from now on. @returns what to call when they leave */
  enter(): () => void {
    this.watchers += 1;
    let here = true;
    return () => {
      if (here) this.watchers -= 1;
      here = false;
    };
  }
}
