import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Expected } from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { PictureFiles } from '../../platform/images/picture-files.js';
import { type UserEntity, UsersRepository } from '../users/index.js';
import { roughly } from './rough-location.js';
import { keyOf, NAME_RULE, siteName } from './site-name.js';
import { type SiteDetails, type SiteEntity } from './site.schema.js';
import { type SiteFilter, type SitesFrom, SitesRepository } from './sites.repository.js';

/** Sites of one owner. Two requests at once may make one more. */
const MOST_SITES = 1_000;

export type Actor = Pick<UserEntity, '_id' | 'is_superuser'>;

/** The register of sites. Which probes they hold, the probes know. */
@Injectable()
export class SitesService {
  constructor(
    private readonly sites: SitesRepository,
    private readonly users: UsersRepository,
    private readonly pictures: PictureFiles,
    private readonly clock: PlatformClock,
  ) {}

  /** @throws DomainError not_found */
  async get(name: string): Promise<SiteEntity> {
    const known = siteName(name);
    const site = known === undefined ? null : await this.sites.findByName(known);
    if (site === null) throw new DomainError('not_found', 'There is no such site');
    return site;
  }

  /** @returns a site that the user may change @throws DomainError not_found, forbidden */
  async getOwn(name: string, user: Actor): Promise<SiteEntity> {
    const site = await this.get(name);
    refuseStranger(site, user);
    return site;
  }

  /** @returns those of the names that are sites, in no order */
  async getKnown(names: readonly string[]): Promise<SiteEntity[]> {
    return names.length === 0 ? [] : this.sites.findByNames(names);
  }

  /** In order of creation. */
  async list(filter: SiteFilter, limit: number, from: SitesFrom): Promise<SiteEntity[]> {
    return this.sites.find(filter, limit, from);
  }

  /**
   * Makes a site, or replaces what is said of one.
   * @throws DomainError invalid_request, forbidden (somebody else's), conflict (its name is too like another's, or the owner
   *   has too many), precondition_required, changed_meanwhile
   */
  async put(
    name: string,
    user: Actor,
    details: SiteDetails,
    expected: Expected,
  ): Promise<{ site: SiteEntity; created: boolean }> {
    const known = siteName(name);
    if (known === undefined)
      throw DomainError.invalid({ field: 'name', message: NAME_RULE, in: 'parameter' });
    const existing = await this.sites.findByKey(keyOf(known));
    if (existing !== null) return this.change(existing, known, user, details, expected);
    if (expected !== 'nothing' && expected !== 'unstated')
      throw new ChangedMeanwhileError('The site', undefined);
    if ((await this.sites.countOf(user._id)) >= MOST_SITES) {
      throw new DomainError('conflict', `You have ${MOST_SITES} sites, and may have no more`);
    }
    const now = this.clock.now();
    const site = await this.sites.create({
      name: known,
      key: keyOf(known),
      owner: user._id,
      ...details,
      revision: 1,
      created_at: now,
      updated_at: now,
    });
    // somebody was first: that one is there now
    if (site === undefined) return this.put(name, user, details, expected);
    await this.refuseGone(user._id, site._id);
    return { site, created: true };
  }

  /**
   * Keeps a site as it is until a transaction is over: nobody deletes it meanwhile.
   * @returns the site, which the user may change
   * @throws DomainError not_found, forbidden
   */
  async hold(name: string, user: Actor, transaction: Transaction): Promise<SiteEntity> {
    const site = await this.holdKnown(name, user, transaction);
    if (site === undefined) throw new DomainError('not_found', 'There is no such site');
    return site;
  }

  /** @returns likewise; undefined where there is no such site. @throws DomainError forbidden */
  async holdKnown(name: string, user: Actor, transaction: Transaction): Promise<SiteEntity | undefined> {
    const known = siteName(name);
    const site = known === undefined ? null : await this.sites.hold(known, transaction);
    if (site === null) return undefined;
    refuseStranger(site, user);
    return site;
  }

  /** @param site held, and without probes */
  async delete(site: SiteEntity, transaction: Transaction): Promise<void> {
    await this.sites.delete(site._id, transaction);
    await this.pictures.removeAll(site._id, transaction);
  }

  /**
   * Takes away what tells who the owner was: whom to ask, where exactly it is, notes and photo. Its name stays, since probes of others are there.
   * @param site held
   */
  async empty({ _id, address, location }: SiteEntity, transaction: Transaction): Promise<void> {
    const rough = {
      address: address && { lines: [], region: address.region, country: address.country },
      location: location && { longitude: roughly(location.longitude), latitude: roughly(location.latitude) },
    };
    await this.sites.empty(_id, rough, this.clock.now(), transaction);
    await this.pictures.removeAll(_id, transaction);
  }

  /** An account that was deleted while it made a site: whoever ends the account may have looked for its sites already. */
  private async refuseGone(owner: ObjectId, site: ObjectId): Promise<void> {
    const user = await this.users.findById(owner);
    if (user !== null && user.deleted_at === undefined) return;
    await this.sites.delete(site);
    throw new DomainError('unauthenticated', 'The account is deleted');
  }

  private async change(
    existing: SiteEntity,
    name: string,
    user: Actor,
    details: SiteDetails,
    expected: Expected,
  ): Promise<{ site: SiteEntity; created: boolean }> {
    if (existing.name !== name)
      throw new DomainError('conflict', `There is a site ${existing.name}: the names are too much alike`);
    refuseStranger(existing, user);
    if (expected === 'nothing') throw new ChangedMeanwhileError('The site', existing.revision);
    if (expected === 'unstated') {
      throw new DomainError('precondition_required', 'The site is there: send its ETag in If-Match');
    }
    const site = await this.sites.replace(existing._id, user, expected, details, this.clock.now());
    if (site === null) {
      const now = await this.sites.findByName(name);
      if (now !== null) refuseStranger(now, user);
      throw new ChangedMeanwhileError('The site', now?.revision);
    }
    return { site, created: false };
  }
}

/** @throws DomainError forbidden */
function refuseStranger({ owner, emptied_at }: SiteEntity, { _id, is_superuser }: Actor): void {
  if (!is_superuser && (emptied_at !== undefined || !owner.equals(_id)))
    throw new DomainError('forbidden', 'The site is not yours');
}

/** Whether one is told what strangers are not: whom to ask, where exactly it is, what hardware stands there. */
export function maySeeInside({ owner }: { owner: ObjectId }, { _id, is_superuser }: Actor): boolean {
  return is_superuser || owner.equals(_id);
}
