import { Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';

const AN_OBJECT = { message: 'must be an object' } as const;

/**
 * One object of this class, validated in its turn. (class-validator's ValidateNested alone takes a list of them as well, and an
 * empty list without looking.)
 */
export function ObjectOf(type: () => new () => object): PropertyDecorator {
  return (target, name) => {
    IsObject(AN_OBJECT)(target, name);
    ValidateNested(AN_OBJECT)(target, name);
    Type(type)(target, name);
  };
}
