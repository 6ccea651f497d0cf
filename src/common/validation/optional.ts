import { ValidateIf } from 'class-validator';

/** May be absent; null is a value like any other. (class-validator's IsOptional lets null pass as well.) */
export function Optional(): PropertyDecorator {
  return ValidateIf((_dto, value) => value !== undefined);
}
