const FORMS = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i,
  /^[0-9a-f]{12}$/i,
];

export const MAC_ADDRESS_RULE =
  'must be the EUI-48 of one device, such as 02:00:5e:10:00:01, 02-00-5E-10-00-01, 0200.5e10.0001 or 02005e100001';

/**
 * @returns the address as it is kept, in lower case with colons; undefined: it is none, or of a group of devices (IEEE 802,
 *   section 8.2.2: the lowest bit of the first octet), or all zeros
 */
export function macAddress(text: string): string | undefined {
  if (!FORMS.some((form) => form.test(text))) return undefined;
  const digits = text.replace(/[:.-]/g, '').toLowerCase();
  const isGroup = (parseInt(digits.slice(0, 2), 16) & 1) === 1;
  if (isGroup || digits === '000000000000') return undefined;
  return digits.replace(/(..)(?=.)/g, '$1:');
}
