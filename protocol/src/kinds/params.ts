import { z } from 'zod';
import { MAX_DESTINATIONS } from '../destinations.js';

/** Values of the parameters that list destinations, in the order in which they are stated. */
type Lists = readonly (readonly string[])[];

/** The parameters of a kind of measurement: what both sides check by, and what is documented. */
export interface Params<Members extends z.ZodRawShape = z.ZodRawShape> {
  /** Reads `params`: what is absent has its default, what is unknown is dropped, what is wrong is named. */
  readonly schema: z.ZodObject<Members>;
  /** What a parameter has that is absent, by its name. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Names of the parameters that list destinations; each destination is paid. */
  readonly destinationLists: readonly [string, ...string[]];
  /** Destinations that one operation may have in all. */
  readonly maxDestinations: number;
  /**
   * The destinations that are measured, and paid: list after list; one named twice counts twice.
   * @param params checked ones
   */
  destinationsOf(params: object): string[];
}

/** What a caller may give. */
export type ParamsInput<P> = P extends Params<infer Members> ? z.input<z.ZodObject<Members>> : never;

/** What is measured by: with the defaults. */
export type ParamsOf<P> = P extends Params<infer Members> ? z.output<z.ZodObject<Members>> : never;

/** What a kind states of its parameters. */
interface Statement<Members extends z.ZodRawShape> {
  members: Members;
  /** `ips` and `fqdns` if absent. */
  destinationLists?: readonly [string, ...string[]];
  /** As many as an operation may have, if absent. */
  maxDestinations?: number;
  /** Says which destinations of the lists are measured, where it is not every one. */
  choose?: (lists: Lists) => string[];
}

const IPS_AND_FQDNS = ['ips', 'fqdns'] as const;

/** Makes the schema of a kind's parameters, which have at least one destination and at most as many as the kind allows. */
export function defineParams<Members extends z.ZodRawShape>({
  members,
  destinationLists = IPS_AND_FQDNS,
  maxDestinations = MAX_DESTINATIONS,
  choose = (lists) => lists.flat(),
}: Statement<Members>): Params<Members> {
  const destinationsOf = (params: object): string[] =>
    choose(destinationLists.map((name) => listIn(params, name)));
  // Counted only where the lists themselves are right, so that one mistake is told once.
  const when = ({ issues }: { issues: readonly { path?: readonly PropertyKey[] | undefined }[] }): boolean =>
    !issues.some(({ path: [name] = [] }) => name === undefined || destinationLists.includes(String(name)));
  const schema = z
    .object(members, { error: 'must be an object' })
    .refine((params) => destinationsOf(params).length > 0, {
      error: `must name at least one destination in ${destinationLists.join(' or ')}`,
      when,
    })
    .refine((params) => destinationsOf(params).length <= maxDestinations, {
      error: `must name at most ${maxDestinations} destinations in all`,
      when,
    });
  return { schema, defaults: defaultsOf(members), destinationLists, maxDestinations, destinationsOf };
}

function defaultsOf(members: z.ZodRawShape): Record<string, unknown> {
  const values = Object.entries(members).map(
    ([name, member]) => [name, z.safeParse(member, undefined).data] as const,
  );
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function listIn(params: object, name: string): string[] {
  const list: unknown = Reflect.get(params, name);
  return Array.isArray(list) ? (list as string[]) : [];
}
