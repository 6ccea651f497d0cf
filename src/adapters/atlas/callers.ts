import { Injectable } from '@nestjs/common';
import { type Request } from 'express';
import { AuthService, type UserEntity } from '../../core/users/index.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { clientOf } from '../../platform/http/client-address.js';
import { credentialIn } from '../../platform/http/credentials.js';
import { type ATLAS_SCOPES, type KeyScope } from '../../platform/http/permissions.js';

export type AtlasScope = (typeof ATLAS_SCOPES)[number];

/** The scope of the native API that holds each of these. */
const WITHIN: Readonly<Record<AtlasScope, KeyScope>> = {
  'measurements.create': 'measure',
  'measurements.stop': 'measure',
  'measurements.update': 'measure',
  'measurements.read': 'read',
  'credits.read': 'read',
};

/** Tells who calls, by the key that clients of Atlas send. */
@Injectable()
export class Callers {
  constructor(private readonly auth: AuthService) {}

  /** @returns who may see what is private; undefined: nobody in particular, also with a key that is none */
  async reader(request: Request): Promise<UserEntity | undefined> {
    const user = await this.identify(request).catch((error: unknown) => {
      // of a suspended account: what is public is for everybody
      if (error instanceof DomainError && error.status < 500) return undefined;
      throw error;
    });
    return user && allows(user, 'measurements.read') ? user : undefined;
  }

  /** @throws DomainError forbidden: clients explain how to get a key at 403 alone */
  async user(request: Request, scope: AtlasScope): Promise<UserEntity> {
    const user = await this.identify(request);
    if (user === undefined) {
      throw new DomainError(
        'forbidden',
        'A valid API key is needed: make one in Pladmed, and send it as "Authorization: Key ..."',
      );
    }
    if (!allows(user, scope)) throw new DomainError('forbidden', `This needs a key with the scope ${scope}`);
    return user;
  }

  private async identify(request: Request): Promise<UserEntity | undefined> {
    const text = keyIn(request);
    const credential = text === undefined ? undefined : credentialIn(text);
    if (credential?.kind !== 'key') return undefined;
    return this.auth.identify(credential, clientOf(request.ip));
  }
}

function keyIn({ headers, query }: Request): string | undefined {
  const [, header] = /^Key +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  const parameter = query['key'];
  return header ?? (typeof parameter === 'string' ? parameter : undefined);
}

function allows({ via }: UserEntity, scope: AtlasScope): boolean {
  const scopes = via?.scopes;
  return scopes === undefined || scopes.includes(scope) || scopes.includes(WITHIN[scope]);
}
