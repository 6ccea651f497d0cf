import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  ArrayUnique,
  IsInt,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { DomainError } from '../errors/domain.error.js';
import { Optional } from './optional.js';
import { RequestValidationPipe, Tolerant } from './request-validation.pipe.js';

class Inner {
  @IsInt()
  number: number;
}
class Strict {
  @IsString()
  text: string;

  @Optional()
  @ValidateNested({ each: true })
  @Type(() => Inner)
  inner?: Inner[];
}

class Bounded {
  @IsInt()
  @Min(1)
  @Max(20)
  count: number;

  @IsString({ message: 'must be a name, or absent beside an id' })
  @MaxLength(5)
  name: string;

  @Optional()
  @IsString({ each: true })
  @MaxLength(5, { each: true, message: 'must be short names' })
  others?: string[];
}

let checked = 0;

class Beside {
  @IsInt({ each: true })
  numbers: number[];

  @ValidateBy({ name: 'counted', validator: { validate: () => (checked += 1) > 0 } }, { each: true })
  others: string[];
}

class Lists {
  @ArrayUnique()
  @IsInt({ each: true })
  numbers: number[];

  @Optional()
  @ValidateNested({ each: true })
  @Type(() => Lists)
  inner?: Lists[];
}

@Tolerant()
class Lenient {
  @IsString()
  text: string;
}

const check = (metatype: new () => object, value: unknown) =>
  new RequestValidationPipe().transform(value, { type: 'body', metatype });

async function violations(metatype: new () => object, value: unknown) {
  const error: unknown = await Promise.resolve(check(metatype, value)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof DomainError
    ? error.violations.map(({ field, message }) => `${field} ${message}`)
    : error;
}

describe('RequestValidationPipe', () => {
  it('says what a value has to be before how large it may be, and only that it is missing where it is', async () => {
    expect(await violations(Bounded, {})).toEqual([
      'count must be given',
      'name must be a name, or absent beside an id',
    ]);
    expect(await violations(Bounded, { count: 'x', name: 7 })).toEqual([
      'count must be an integer number',
      'name must be a name, or absent beside an id',
    ]);
    expect(await violations(Bounded, { count: 21, name: 'longer', others: [7] })).toEqual([
      'count must not be greater than 20',
      'name must be shorter than or equal to 5 characters',
      'others must be short names',
    ]);
  });

  it('lets pass what is right, as an instance of its class', async () => {
    const value = await check(Strict, { text: 'a', inner: [{ number: 1 }] });
    expect(value).toBeInstanceOf(Strict);
    expect(value).toEqual({ text: 'a', inner: [{ number: 1 }] });
  });

  it('names each wrong member by its whole path, and once', async () => {
    expect(
      await violations(Strict, { text: { $gt: '' }, inner: [{ number: 1 }, { number: 'x', more: 1 }] }),
    ).toEqual([
      'text must be a string',
      'inner.1.more is not known here',
      'inner.1.number must be an integer number',
    ]);
  });

  it('looks for wrong items of a list without what stands beside it', async () => {
    const others = Array.from({ length: 100 }, () => 'x');
    const numbers = Array.from({ length: 50 }, () => 'x');
    const error: unknown = await check(Beside, { numbers, others }).catch((thrown: unknown) => thrown);
    expect((error as DomainError).violations.map(({ positions }) => positions?.length)).toEqual([50]);
    expect(checked).toBe(others.length);
  });

  it('says which items of a list are wrong', async () => {
    const wrong = async (value: unknown) => {
      const error: unknown = await check(Lists, value).catch((thrown: unknown) => thrown);
      return (error as DomainError).violations.map(({ field, positions }) => [field, positions]);
    };
    const many = Array.from({ length: 1000 }, (_each, n) => (n === 700 ? 'x' : n));
    expect(
      await wrong({ numbers: [1, 'x', 2, null], inner: [{ numbers: [1] }, { numbers: ['x', 2] }] }),
    ).toEqual([
      ['numbers', [1, 3]],
      ['inner.1.numbers', [0]],
    ]);
    expect(await wrong({ numbers: many })).toEqual([['numbers', [700]]]);
    // no item is wrong by itself
    expect(await wrong({ numbers: [1, 1] })).toEqual([['numbers', undefined]]);
    expect(await wrong({ numbers: 1 })).toEqual([['numbers', undefined]]);
  });

  it('takes null for no absence', async () => {
    expect(await violations(Strict, { text: 'a', inner: null })).toHaveLength(1);
  });

  it('refuses members that it does not know, unless the class is tolerant', async () => {
    expect(await violations(Strict, { text: 'a', more: 1 })).toEqual(['more is not known here']);
    expect(await check(Lenient, { text: 'a', more: 1, _id: { $ne: 1 } })).toEqual({ text: 'a' });
    expect(await violations(Lenient, { text: 1 })).toEqual(['text must be a string']);
  });
});
