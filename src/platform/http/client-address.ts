import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Request } from 'express';
import ipaddr from 'ipaddr.js';

/** What one household or host has of IPv6: whoever has one address of it has them all. */
const IPV6_PREFIX_BYTES = 8;

/** Where a request comes from, as far as the proxies in front (TRUST_PROXY) are believed. */
export const ClientAddress = createParamDecorator((_data: unknown, context: ExecutionContext): string =>
  clientOf(context.switchToHttp().getRequest<Request>().ip),
);

/** How somebody has come: the other end of the connection, and what proxies say of those before. */
export interface Route {
  peer: string | undefined;
  /** the header X-Forwarded-For */
  forwardedFor: string | string[] | undefined;
}

/** @param proxies so many in front are believed (TRUST_PROXY) @returns an address; undefined: none is known */
export function addressOf({ peer, forwardedFor }: Route, proxies: number): string | undefined {
  const said = [forwardedFor ?? []].flat().flatMap((text) => text.split(','));
  const way = [...said.map((text) => text.trim()), peer ?? ''];
  const address = way[Math.max(0, way.length - 1 - proxies)] ?? '';
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}

/** @returns the IPv4 address, or the /64 of an IPv6 address: what is counted as one client */
export function clientOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const prefix = parsed.toByteArray().slice(0, IPV6_PREFIX_BYTES);
  return `${ipaddr.fromByteArray([...prefix, ...Array<number>(8).fill(0)]).toString()}/64`;
}
