import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { InstrumentsService } from '../../src/core/probes/index.js';
import { SitePhotosService, SitesService } from '../../src/core/sites/index.js';
import { SitesRepository } from '../../src/core/sites/sites.repository.js';
import { type UserEntity } from '../../src/core/users/index.js';
import { PictureFiles } from '../../src/platform/images/picture-files.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

describe('sites of an owner who is deleted', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let owner: UserEntity;
  const sites = () => server.get(SitesService);
  const details = { contact: 'somebody', notes: 'in the cellar' };
  const forbidden = expect.objectContaining({ code: 'forbidden' }) as unknown;

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    owner = await server.user();
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  /** A site that holds a probe of somebody else, so that it stays. */
  async function madeSite(name: string): Promise<void> {
    await sites().put(name, owner, details, 'unstated');
    const other = await server.user();
    const probe = await server.probe(other);
    const superuser = { _id: other._id, is_superuser: true };
    await server.get(InstrumentsService).place(name, probe._id, superuser, {}, 'unstated');
  }
  const end = () => server.get(InstrumentsService).endSitesOf(owner._id);

  it('are not written again by a change that was under way', async () => {
    await madeSite('Under way');
    const repository = server.get(SitesRepository);
    // who has looked finds the site emptied when it writes
    const find = repository.findByKey.bind(repository);
    jest.spyOn(repository, 'findByKey').mockImplementationOnce(async (key) => {
      const seen = await find(key);
      await end();
      return seen;
    });
    await expect(sites().put('Under way', owner, details, 'any')).rejects.toEqual(forbidden);
    const site = await sites().get('Under way');
    expect([site.contact, site.notes]).toEqual([undefined, undefined]);
    expect(site.emptied_at).toBeInstanceOf(Date);
    // may be done again
    await end();
    await expect(
      server.get(InstrumentsService).deleteSite('Under way', owner, 'any', undefined),
    ).rejects.toEqual(forbidden);
    const superuser = { _id: owner._id, is_superuser: true };
    const taken = await sites().put('Under way', superuser, { contact: 'the operator' }, 'any');
    expect(taken.site.contact).toBe('the operator');
  });

  it('get no photo that was under way', async () => {
    await madeSite('Photo');
    const files = server.get(PictureFiles);
    const photo = { digest: 'a'.repeat(32) } as never;
    jest.spyOn(files, 'keep').mockImplementationOnce(async () => {
      await end();
      return photo;
    });
    const removed = jest.spyOn(files, 'remove').mockResolvedValueOnce();
    await expect(
      server.get(SitePhotosService).set('Photo', owner, Buffer.from(''), 'unstated'),
    ).rejects.toEqual(forbidden);
    expect(removed).toHaveBeenCalledWith(photo);
    expect((await sites().get('Photo')).photo).toBeUndefined();
  });
});
