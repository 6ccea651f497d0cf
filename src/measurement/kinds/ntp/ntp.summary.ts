import { z } from 'zod';
import { count, failure, milliseconds, shape, unreadable, words } from '../../formats/summary.members.js';

/** Figures of one question to a time server; those without a basis are null. */
export const ntpFigures = z.strictObject({
  type: shape('ntp'),
  destination: z.string().meta({ description: 'As asked for.' }),
  address: z.string().meta({ description: 'Address that was asked.' }),
  port: z.int().meta({ description: 'UDP port.' }),
  stratum: count("Distance of the server from its reference clock (RFC 5905); 0: a kiss-o'-death."),
  leap: count('Leap indicator of the answer: 3 where the server is not synchronised.'),
  reference_id: words('What the server is synchronised to.'),
  root_delay_ms: milliseconds('Round-trip time from the server to its reference clock, in milliseconds.'),
  root_dispersion_ms: milliseconds('Error of the server against its reference clock, in milliseconds.'),
  offset_ms: milliseconds("The server's clock minus the probe's, in milliseconds."),
  error_ms: milliseconds('Bound on the error of that offset, in milliseconds.'),
  delay_ms: milliseconds('Round-trip time of question and answer, in milliseconds.'),
  error: failure(),
});

export const ntpSummary = z.union([ntpFigures, unreadable('ntp')]);
