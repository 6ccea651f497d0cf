import { describe, expect, it } from '@jest/globals';
import { namesToAsk } from '@pladmed/protocol';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { readFileSync } from 'node:fs';
import { kindByName } from '../../probe/src/kinds/index.js';
import { isMeasurableUrl as isUrlToTheProbe } from '../../probe/src/kinds/http/http.params.js';
import { hostName, ipLiteral, lookupName } from '../../probe/src/kinds/params.js';
import { isHostName, isIpLiteral, isLookupName } from '../../src/measurement/targets/names.js';
import { isMeasurableUrl } from '../../src/measurement/kinds/http/url.rule.js';
import { KIND_NAMES, KINDS, type KindName } from '../../src/measurement/kinds/index.js';

interface ParamSchema {
  example: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  anyOf?: Omit<ParamSchema, 'example'>[];
}

const { components } = load(readFileSync('docs/openapi.yaml', 'utf8')) as {
  components: { schemas: Record<string, { properties: Record<string, ParamSchema> }> };
};

const EXCEPTIONS = [
  // shorter than the headers, which scamper cannot do: docs/probe.md
  ['ping', 'size', 1],
  // says nothing
  ['dns', 'ips', []],
];

/** One of each list of destinations that the kind's example has. */
function destinationsOf(kind: KindName): Record<string, unknown> {
  const { destinationLists, example } = KINDS[kind];
  const named = Object.entries(example.params).filter(([name]) => destinationLists.includes(name));
  return Object.fromEntries(named);
}

/** The example, every word, and both ends of the range. */
function valuesOf({ example, anyOf = [], ...schema }: ParamSchema): unknown[] {
  const values = [schema, ...anyOf].flatMap(({ enum: words = [], minimum, maximum }) => {
    const ends = [minimum, maximum].filter((end) => end !== undefined);
    return [...words, ...ends];
  });
  return [...new Set([example, ...values])];
}

const cases = KIND_NAMES.flatMap((kind) =>
  Object.entries(components.schemas[KINDS[kind].paramsClass.name]?.properties ?? {}).flatMap(
    ([name, schema]) =>
      valuesOf(schema)
        .filter((value) => !EXCEPTIONS.some((each) => isSame(each, [kind, name, value])))
        .map((value) => [kind, name, value] as const),
  ),
);

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

describe('every parameter that the server takes', () => {
  it('stands in the list', () => {
    expect(new Set(cases.map(([kind]) => kind))).toEqual(new Set(KIND_NAMES));
  });

  it.each(cases)('is read by the probe: %s, %s of %j', (kind, name, value) => {
    const { wire } = KINDS[kind].check({ ...destinationsOf(kind), [name]: value }, 'native');
    expect(wire[name]).toEqual(value);
    const read = kindByName.get(kind)?.params.safeParse(wire);
    expect(read?.error?.issues).toBeUndefined();
    expect(read?.data).toHaveProperty([name]);
  });

  it.each(KIND_NAMES)('%s: an unknown one is refused by the one, and not read by the other', (kind) => {
    const wire = { ...destinationsOf(kind), nonsense: 1 };
    expect(() => KINDS[kind].check(wire, 'native')).toThrow('params.nonsense is not known here');
    expect(kindByName.get(kind)?.params.parse(wire)).not.toHaveProperty('nonsense');
  });
});

describe('query types', () => {
  const type = fc.oneof(
    fc.integer({ min: -1, max: 65_537 }),
    fc.integer({ min: -1, max: 65_537 }).map((number) => `TYPE${number}`),
    fc.constantFrom('type1', 'Type2', 'TYPE01', 'TYPE', 'ixfr', 'toString', 1.5, NaN),
  );

  it('are the same to both', () => {
    const isRight = (value: unknown): boolean => {
      try {
        KINDS.dns.check({ fqdns: ['a'], type: value }, 'native');
        return true;
      } catch {
        return false;
      }
    };
    const schema = kindByName.get('dns')?.params;
    fc.assert(
      fc.property(type, (value) => {
        expect([value, schema?.safeParse({ fqdns: ['a'], type: value }).success]).toEqual([
          value,
          isRight(value),
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  it('cost what the probe asks for', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
    fc.assert(
      fc.property(names, names, (fqdns, name) => {
        if (fqdns.length + name.length === 0) return;
        const { destinations } = KINDS.dns.check({ fqdns, name }, 'native');
        const most = (each: string): number =>
          Math.max(...[fqdns, name].map((list) => list.filter((other) => other === each).length));
        expect(destinations).toHaveLength(['a', 'b', 'c'].reduce((sum, each) => sum + most(each), 0));
        const read = kindByName.get('dns')?.params.parse({ fqdns, name }) as {
          fqdns: string[];
          name: string[];
        };
        expect(namesToAsk(read.fqdns, read.name)).toEqual(destinations);
      }),
      { numRuns: 500 },
    );
  });
});

describe('names and addresses', () => {
  const text = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom('a', 'F', '0', '1', '.', '-', '_', ':', 'x', '%'), maxLength: 70 }),
    fc.string(),
  );

  it.each([
    ['host names', isHostName, hostName],
    ['names to look up', isLookupName, lookupName],
    ['addresses', isIpLiteral, ipLiteral],
  ])('%s are the same to both', (_what, isRight, schema) => {
    fc.assert(
      fc.property(text, (value) => {
        expect([value, isRight(value)]).toEqual([value, schema.safeParse(value).success]);
      }),
      { numRuns: 3000 },
    );
  });

  const url = fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc
      .tuple(
        fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://'),
        text,
        fc.constantFrom('', '/', '?a', ':80/', ':0/', '@a/', '#'),
      )
      .map((parts) => parts.join('')),
    text.map((host) => `http://[${host}]/`),
    fc
      .webUrl()
      .chain((whole) =>
        fc
          .tuple(fc.nat(whole.length), fc.string({ maxLength: 2 }))
          .map(([at, more]) => whole.slice(0, at) + more + whole.slice(at)),
      ),
  );

  it('URLs are the same to both, and have the host that they show', () => {
    fc.assert(
      fc.property(url, (value) => {
        const isRight = isMeasurableUrl(value);
        expect([value, isUrlToTheProbe(value)]).toEqual([value, isRight]);
        if (!isRight) return;
        const { protocol, hostname, username, password, hash } = new URL(value);
        expect(['http:', 'https:']).toContain(protocol);
        expect([username, password, hash]).toEqual(['', '', '']);
        if (!hostname.startsWith('[')) expect(value.toLowerCase()).toContain(`//${hostname}`);
      }),
      { numRuns: 1500 },
    );
  });
});
