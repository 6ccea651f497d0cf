import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { LRUCache } from 'lru-cache';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { parseId, type ObjectId } from '../../platform/database/object-id.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { digestOf } from './keys.service.js';

const ISSUER = 'pladmed';
/** Reading what is public; the page asks for another one then. */
const VISIT_S = 24 * 3_600;
const REMEMBERED_TOKENS = 10_000;

/** Names a user: `sub`. Expires; `ver` must equal the account's token version, so all of them are ended by raising it. */
const userClaims = z.object({
  iss: z.literal(ISSUER),
  kind: z.literal('user'),
  sub: z.string(),
  exp: z.number(),
  ver: z.number().int().default(0),
});

/** Names nobody: it may read what is public. Expires. */
const visitorClaims = z.object({ iss: z.literal(ISSUER), kind: z.literal('visitor'), exp: z.number() });

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

export interface UserSession {
  /** of the token */
  digest: string;
  user: ObjectId;
  tokenVersion: number;
  expiresAt: Date;
}

export interface ProbeIdentity {
  id: ObjectId;
  tokenVersion: number;
}

/** HS256 JWTs of users and probes: neither is ever taken for the other. */
@Injectable()
export class TokensService {
  /** by the digests of their tokens: the same text is verified once */
  private readonly sessions = new LRUCache<string, UserSession>({ max: REMEMBERED_TOKENS });

  constructor(
    private readonly jwt: JwtService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  userToken(id: ObjectId, tokenVersion = 0): { token: string; expiresAt: Date } {
    const expiresAt = new Date(Date.now() + this.env.userTokenTtlHours * 3_600_000);
    const exp = Math.floor(expiresAt.getTime() / 1000);
    // two that are given out in one second are two: each can be ended by itself
    const jti = randomBytes(9).toString('base64url');
    const token = this.jwt.sign({
      iss: ISSUER,
      kind: 'user',
      sub: id.toHexString(),
      exp,
      ver: tokenVersion,
      jti,
    });
    return { token, expiresAt };
  }

  /** For one who has no account. */
  visitorToken(): { token: string; expiresAt: Date } {
    const exp = Math.floor(Date.now() / 1000) + VISIT_S;
    const token = this.jwt.sign({ iss: ISSUER, kind: 'visitor', exp }, { noTimestamp: true });
    return { token, expiresAt: new Date(exp * 1000) };
  }

  isVisitorToken(token: string): boolean {
    return visitorClaims.safeParse(this.verified(token)).success;
  }

  /** The same probe and version give the same token: it can be shown again without being stored. */
  probeToken(id: ObjectId, tokenVersion: number): string {
    const claims = { iss: ISSUER, kind: 'probe', identifier: id.toHexString(), ver: tokenVersion };
    return this.jwt.sign(claims, { noTimestamp: true });
  }

  /** @returns the user's id; undefined when the token is none of ours, a probe's, or expired */
  readUserToken(token: string): ObjectId | undefined {
    return this.readSession(token)?.user;
  }

  /** @returns whose token it is, and until when; undefined when it is none of ours, a probe's, or expired */
  readSession(token: string): UserSession | undefined {
    const digest = digestOf(token);
    const known = this.sessions.get(digest);
    if (known !== undefined) return known.expiresAt.getTime() > Date.now() ? known : undefined;
    const claims = userClaims.safeParse(this.verified(token));
    const user = claims.success ? parseId(claims.data.sub) : undefined;
    if (user === undefined || !claims.success) return undefined;
    const { exp, ver } = claims.data;
    const session = { digest, user, tokenVersion: ver, expiresAt: new Date(exp * 1000) };
    this.sessions.set(digest, session);
    return session;
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
