import { isIP } from 'node:net';
import { z } from 'zod';

/** A whole number in a range; digits in a string are a number too, as callers of the classic routes send them. */
export function whole(least: number, most: number): z.ZodType<number | undefined> {
  return z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number),
    ])
    .pipe(z.int().min(least).max(most))
    .optional();
}

/** A number in a range, ends included. */
export function fraction(least: number, most: number): z.ZodType<number | undefined> {
  return z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{0,3}(\.\d{1,6})?$/)
        .transform(Number),
    ])
    .pipe(z.number().min(least).max(most))
    .optional();
}

export const MAX_TARGETS = 1000;
export const PORT = { least: 1, most: 65_535 } as const;

/** What is no address is not looked at by the checks of all parameters together, which read it as one. */
export const ipLiteral = z
  .string()
  .max(45)
  .refine((text) => isIP(text) !== 0 && !text.includes('%'), { error: 'is no IP address', abort: true });

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** Names that are only looked up may carry underscores (RFC 8552). */
const LOOKUP_LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

function hasLabels(text: string, label: RegExp): boolean {
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  return bare.length > 0 && bare.length <= 253 && bare.split('.').every((each) => label.test(each));
}

/** A host name by RFC 1123; one that looks like an IPv4 address in another notation is none. */
export const hostName = z
  .string()
  .max(254)
  .refine((text) => hasLabels(text, LABEL) && !/(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(text), 'is no host name');

/** A name to ask the DNS for; `.` is the root. */
export const lookupName = z
  .string()
  .max(254)
  .refine((text) => text === '.' || hasLabels(text, LOOKUP_LABEL), 'is no domain name');

/** A switch comes with an empty value; false and 0 leave it off. */
export const toggle = z.union([z.boolean(), z.literal(''), z.literal(0), z.literal(1)]).optional();
export type Toggle = z.infer<typeof toggle>;

export function isOn(value: Toggle): boolean {
  return value === '' || value === true || value === 1;
}

/** The address families (4, 6) that the switches `ipv4` and `ipv6` leave: both where neither is on. */
export function wantedFamilies({ ipv4, ipv6 }: { ipv4?: Toggle; ipv6?: Toggle }): Set<number> {
  const [four, six] = [isOn(ipv4), isOn(ipv6)];
  const families = new Set<number>();
  if (four || !six) families.add(4);
  if (six || !four) families.add(6);
  return families;
}

export const ips = z.array(ipLiteral).max(MAX_TARGETS).default([]);
/** Callers of the classic routes name addresses here, too. */
export const fqdns = z
  .array(z.union([hostName, ipLiteral.refine((text) => isIP(text) === 4)]))
  .max(MAX_TARGETS)
  .default([]);
