import { Injectable } from '@nestjs/common';
import { parseId } from '../../../platform/database/object-id.js';
import { TooFewProbesError } from '../../../platform/errors/domain.error.js';
import { Turn } from '../../../platform/batching/turn.js';
import { type Condition, conditionsOf, type ProbeFilter } from '../probe-filter.js';
import { type ChosenProbe, ProbesRepository } from '../probes.repository.js';
import { ServersService } from '../../servers/index.js';
import { Draw, type Selection } from './selection.js';

const UNASKED = ['room', 'suspended'];
/** Candidates between two looks at the clock. */
const STEP = 100;

/** Chooses probes by a rule. */
@Injectable()
export class SelectionService {
  constructor(
    private readonly probes: ProbesRepository,
    private readonly servers: ServersService,
  ) {}

  /**
   * It reads the ids of all that match, and the rest of those that are chosen.
   * @param needs what they have to be able to do, and to hold
   * @returns as many as the rule asks for, in order of creation
   * @throws TooFewProbesError
   */
  async choose(selection: Selection, needs: Pick<ProbeFilter, 'kind' | 'room'>): Promise<ChosenProbe[]> {
    const { count, seed, near, exclude, country, asn, prefix, number, ...others } = selection;
    const excluded = exclude?.map(parseId).filter((id) => id !== undefined);
    const filter = {
      ...{ ...others, ...needs, near, exclude: excluded, suspended: false as const },
      ...{ countries: country ?? others.countries, asns: asn, prefixes: prefix, numbers: number },
    };
    const conditions = conditionsOf(filter, await this.servers.standing());
    const draw = new Draw(seed, count);
    const turn = new Turn();
    for await (const candidate of this.probes.streamCandidates(conditions, near, count)) {
      if (candidate.metres !== undefined && draw.isSettled(candidate.metres)) break;
      draw.add(candidate);
      if (draw.candidates % STEP === 0) await turn.giveWay();
    }
    if (draw.candidates < count) throw await this.shortage(conditions, count, draw.candidates);
    return this.probes.findChosen(draw.chosen());
  }

  private async shortage(
    conditions: readonly Condition[],
    asked: number,
    matching: number,
  ): Promise<TooFewProbesError> {
    const registered = await this.probes.count([]);
    const explained: TooFewProbesError['shortage']['conditions'] = [];
    for (const condition of conditions) {
      const excludes = registered - (await this.probes.count([condition]));
      // nobody asks for them: they are worth a word where they matter
      if (UNASKED.includes(condition.name) && excludes === 0) continue;
      const others = conditions.filter((each) => each !== condition);
      explained.push({
        condition: condition.name,
        excludes,
        matching_without: await this.probes.count(others),
      });
    }
    return new TooFewProbesError({ asked, matching, registered, conditions: explained });
  }
}
