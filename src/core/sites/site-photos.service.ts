import { Injectable } from '@nestjs/common';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type ExpectedTags, wasTagSeen } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { type Picture } from '../../platform/images/picture.js';
import { PictureFiles } from '../../platform/images/picture-files.js';
import { type SiteEntity } from './site.schema.js';
import { SitesRepository } from './sites.repository.js';
import { type Actor, SitesService } from './sites.service.js';

const RULE = { field: 'photo', side: 1_024 };
const NO_PHOTO = 'The site has no photo';

/** Photos of sites. What changes one changes the site: its revision goes up. */
@Injectable()
export class SitePhotosService {
  constructor(
    private readonly sites: SitesService,
    private readonly repository: SitesRepository,
    private readonly files: PictureFiles,
    private readonly clock: PlatformClock,
  ) {}

  /** @throws DomainError not_found */
  async get(name: string): Promise<Picture & { digest: string }> {
    const { photo } = await this.sites.get(name);
    const read = photo && (await this.files.read(photo));
    if (!photo || !read) throw new DomainError('not_found', NO_PHOTO);
    return { ...read, digest: photo.digest };
  }

  /**
   * Makes the photo of a site, or replaces it.
   * @param sent a JPEG or PNG file
   * @param expected tags of the photo or of the site
   * @throws DomainError invalid_request, busy, not_found, forbidden, precondition_required, changed_meanwhile
   */
  async set(
    name: string,
    user: Actor,
    sent: Buffer,
    expected: ExpectedTags,
  ): Promise<{ site: SiteEntity; created: boolean }> {
    const site = await this.sites.getOwn(name, user);
    // before a file is decoded for nothing
    refuseUnexpected(site, expected);
    const photo = await this.files.keep(site._id, sent, RULE);
    const before = await this.repository.setPhoto(site._id, user, expected, photo, this.clock.now());
    if (before === null) {
      await this.files.remove(photo);
      throw await this.changed(name, user, expected);
    }
    await this.files.tidy(site._id, photo, before.photo);
    return { site: await this.sites.get(name), created: before.photo === undefined };
  }

  /** @throws DomainError not_found, forbidden, changed_meanwhile */
  async remove(name: string, user: Actor, seen: ExpectedTags): Promise<void> {
    const { _id, photo } = await this.sites.getOwn(name, user);
    if (photo === undefined) throw new DomainError('not_found', NO_PHOTO);
    const before = await this.repository.unsetPhoto(_id, seen, this.clock.now());
    if (before === null) throw await this.changed(name, user, seen);
    await this.files.tidy(_id, undefined, before.photo);
  }

  private async changed(name: string, user: Actor, expected: ExpectedTags): Promise<DomainError> {
    const now = await this.sites.getOwn(name, user);
    refuseUnexpected(now, expected);
    return new ChangedMeanwhileError('The site', now.revision);
  }
}

/** @throws DomainError precondition_required, changed_meanwhile */
function refuseUnexpected({ photo, revision }: SiteEntity, expected: ExpectedTags): void {
  if (expected === 'unstated' && photo !== undefined)
    throw new DomainError('precondition_required', 'The site has a photo: send its ETag in If-Match');
  if (!wasTagSeen(expected, photo?.digest, revision)) throw new ChangedMeanwhileError('The site', revision);
}
