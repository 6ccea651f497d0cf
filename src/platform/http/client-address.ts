import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Request } from 'express';
import ipaddr from 'ipaddr.js';

/** What one household or host has of IPv6: whoever has one address of it has them all. */
const IPV6_PREFIX_BYTES = 8;

/** Where a request comes from, as far as the proxies in front (TRUST_PROXY) are believed. */
export const ClientAddress = createParamDecorator((_data: unknown, context: ExecutionContext): string =>
  clientOf(context.switchToHttp().getRequest<Request>().ip),
);

/** @returns the IPv4 address, or the /64 of an IPv6 address: what is counted as one client */
export function clientOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const prefix = parsed.toByteArray().slice(0, IPV6_PREFIX_BYTES);
  return `${ipaddr.fromByteArray([...prefix, ...Array<number>(8).fill(0)]).toString()}/64`;
}
