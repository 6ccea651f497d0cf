import { toggle } from './rules.js';

/** The switches for one address family, as the kinds that connect have them. @param verb what is done over it */
export const familySwitches = (verb: string) => ({
  ipv4: toggle().meta({ description: `Switch: ${verb} over IPv4 only. The value is ''.`, example: '' }),
  ipv6: toggle().meta({ description: `Switch: ${verb} over IPv6 only. The value is ''.`, example: '' }),
});

/** The same of ping and traceroute. */
export const familyOfPackets = () => ({
  ipv4: toggle().meta({
    description: 'Over IPv4 only (a switch); with neither or both: either, IPv4 first.',
  }),
  ipv6: toggle().meta({ description: 'Over IPv6 only (a switch).' }),
});
