import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { z } from 'zod';
import { parseId, type ObjectId } from '../../platform/database/object-id.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';

const ISSUER = 'pladmed';

/** Names a user: `sub`. Expires. */
const userClaims = z.object({
  iss: z.literal(ISSUER),
  kind: z.literal('user'),
  sub: z.string(),
  exp: z.number(),
});

/**
 * Names a probe: `identifier`. Never expires; `ver` must equal the probe's token version, so one probe's tokens are
 * revoked by raising it. Tokens that classic servers gave out carry neither issuer, kind nor version: version 0.
 */
const probeClaims = z.object({
  iss: z.literal(ISSUER).optional(),
  kind: z.literal('probe').optional(),
  identifier: z.string(),
  ver: z.number().int().default(0),
});

export interface ProbeIdentity {
  id: ObjectId;
  tokenVersion: number;
}

/** HS256 JWTs of users and probes: neither is ever taken for the other. */
@Injectable()
export class TokensService {
  constructor(
    private readonly jwt: JwtService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  userToken(id: ObjectId): { token: string; expiresAt: Date } {
    const expiresAt = new Date(Date.now() + this.env.userTokenTtlHours * 3_600_000);
    const exp = Math.floor(expiresAt.getTime() / 1000);
    const token = this.jwt.sign({ iss: ISSUER, kind: 'user', sub: id.toHexString(), exp });
    return { token, expiresAt };
  }

  /** The same probe and version give the same token: it can be shown again without being stored. */
  probeToken(id: ObjectId, tokenVersion: number): string {
    const claims = { iss: ISSUER, kind: 'probe', identifier: id.toHexString(), ver: tokenVersion };
    return this.jwt.sign(claims, { noTimestamp: true });
  }

  /** @returns the user's id; undefined when the token is none of ours, a probe's, or expired */
  readUserToken(token: string): ObjectId | undefined {
    const claims = userClaims.safeParse(this.verified(token));
    return claims.success ? parseId(claims.data.sub) : undefined;
  }

  /** @returns the probe that the token names; undefined when it is none of ours or a user's */
  readProbeToken(token: string): ProbeIdentity | undefined {
    const claims = probeClaims.safeParse(this.verified(token));
    const id = claims.success ? parseId(claims.data.identifier) : undefined;
    return id && claims.success ? { id, tokenVersion: claims.data.ver } : undefined;
  }

  private verified(token: string): unknown {
    try {
      return this.jwt.verify<Record<string, unknown>>(token, { algorithms: ['HS256'] });
    } catch {
      return undefined;
    }
  }
}
