import { Inject, Injectable } from '@nestjs/common';
import { type Request } from 'express';
import ipaddr from 'ipaddr.js';
import { createHash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';

/** Of ipaddr.js: addresses that no packet from the Internet comes from. */
const INSIDE = ['loopback', 'private', 'uniqueLocal', 'linkLocal'];

/** Decides who may read /metrics: they say how much the platform is used, and by how many. */
@Injectable()
export class MetricsAccess {
  constructor(@Inject(ENV) private readonly env: Env) {}

  /**
   * With METRICS_TOKEN whoever names it; without, whoever is on this host or in a private network, by every address that the request
   * names, those of proxies included.
   * @throws DomainError
   */
  demand(request: Request): void {
    const { metricsToken } = this.env;
    if (metricsToken !== undefined) {
      const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (!isSame(given, metricsToken)) throw new DomainError('unauthenticated', 'METRICS_TOKEN is needed');
    } else if (!addressesOf(request).every(isInside)) {
      throw new DomainError('not_found', 'Metrics are shown in private networks, or with METRICS_TOKEN');
    }
  }
}

function addressesOf(request: Request): string[] {
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',');
  const named = forwarded.split(',').map((each) => each.trim());
  return [request.socket.remoteAddress ?? '', ...named.filter((each) => each !== '')];
}

function isInside(address: string): boolean {
  return ipaddr.isValid(address) && INSIDE.includes(ipaddr.process(address).range());
}

/** Takes as long whatever is different. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
