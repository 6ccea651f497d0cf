import { ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';

/** May be absent; null is a value like any other. (class-validator's IsOptional lets null pass as well.) */
export function Optional(): PropertyDecorator {
  return ValidateIf((_dto, value) => value !== undefined);
}

/** Must not be given together with another member of the same object. */
export function NotBeside(other: string): PropertyDecorator {
  return ValidateBy({
    name: 'notBeside',
    validator: {
      validate: (_value, at?: ValidationArguments) =>
        (at?.object as Record<string, unknown> | undefined)?.[other] === undefined,
      defaultMessage: () => `must not be given beside ${other}`,
    },
  });
}
