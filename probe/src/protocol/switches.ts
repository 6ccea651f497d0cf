/** A switch is on when it is there. */
type Switch = '' | undefined;

export function isOn(value: Switch): boolean {
  return value !== undefined;
}

/** The address families (4, 6) that the switches `ipv4` and `ipv6` leave: both where neither is on. */
export function wantedFamilies({ ipv4, ipv6 }: { ipv4?: Switch; ipv6?: Switch }): Set<number> {
  const [four, six] = [isOn(ipv4), isOn(ipv6)];
  const families = new Set<number>();
  if (four || !six) families.add(4);
  if (six || !four) families.add(6);
  return families;
}
