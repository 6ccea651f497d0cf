import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Schema } from './api-document.js';
import { parseTime } from './times.js';

/** Members of the API as flags of a command: their names, bounds and words are the document's own. */
export class Flags {
  private readonly members: { member: string; attribute: string }[] = [];
  private readonly options: Option[] = [];

  constructor(members: Readonly<Record<string, Schema>>) {
    for (const [member, schema] of Object.entries(members)) {
      const [first, ...more] = optionsOf(member, schema);
      if (first === undefined) continue;
      this.members.push({ member, attribute: first.attributeName() });
      this.options.push(first, ...more);
    }
  }

  addTo(command: Command): Command {
    for (const option of this.options) command.addOption(option);
    return command;
  }

  /** @returns what the API is asked for, without what was not said */
  valuesOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const said = this.members.filter(({ attribute }) => options[attribute] !== undefined);
    return Object.fromEntries(said.map(({ member, attribute }) => [member, options[attribute]]));
  }
}

/** A truth has two flags, `--reached` and `--no-reached`; a switch of the API (the value is '') has one. */
function optionsOf(member: string, schema: Schema): Option[] {
  const name = member.replaceAll('_', '-');
  const help = helpOf(schema);
  if (schema.const === '') return [new Option(`--${name}`, help).preset('')];
  if (schema.type === 'boolean')
    return [new Option(`--${name}`, help), new Option(`--no-${name}`, `the other: not --${name}`)];
  const option = new Option(`--${name} <${placeholderOf(member, schema)}>`, help);
  if (schema.type === 'array')
    return [
      option.argParser((text: string, before: unknown[] | undefined) => [
        ...(before ?? []),
        ...text.split(',').map((each) => read(each, schema.items ?? {})),
      ]),
    ];
  return [option.argParser((text: string) => read(text, schema))];
}

/** Reads what the shell gave as the schema has it. @throws InvalidArgumentError that says what would be right */
export function read(text: string, schema: Schema): unknown {
  if (schema.enum !== undefined) return oneOf(text, schema.enum);
  if (schema.format === 'date-time') return parseTime(text);
  if (schema.type === 'integer' || schema.type === 'number') return numberOf(text, schema);
  if (schema.type === 'boolean') return truthOf(text);
  const words = schema.anyOf?.flatMap(({ enum: allowed = [] }) => allowed) ?? [];
  const word = words.find((each) => String(each).toLowerCase() === text.toLowerCase());
  if (word !== undefined) return word;
  const isNumber = /^\d+$/.test(text) && schema.anyOf?.some(({ type }) => type === 'integer');
  return isNumber === true ? Number(text) : text;
}

function oneOf(text: string, allowed: readonly unknown[]): unknown {
  const found = allowed.find((each) => String(each).toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`It is one of: ${allowed.map(String).join(', ')}.`);
  return found;
}

function numberOf(text: string, schema: Schema): number {
  const { type, minimum, maximum } = schema;
  const value = Number(text);
  const isRight =
    /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) &&
    (type !== 'integer' || Number.isSafeInteger(value)) &&
    value >= (minimum ?? -Infinity) &&
    value <= (maximum ?? Infinity);
  if (!isRight) throw new InvalidArgumentError(`It is ${rangeOf(schema)}.`);
  return value;
}

function truthOf(text: string): boolean {
  if (/^(true|yes)$/i.test(text)) return true;
  if (/^(false|no)$/i.test(text)) return false;
  throw new InvalidArgumentError('It is yes or no.');
}

function rangeOf({ type, minimum, maximum }: Schema): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  return minimum === undefined ? kind : `${kind}, ${minimum} or more`;
}

function placeholderOf(member: string, { type, enum: allowed, format, items }: Schema): string {
  if (format === 'date-time') return 'time';
  if (allowed !== undefined && allowed.length <= 4) return allowed.map(String).join('|');
  if (type === 'integer' || type === 'number') return 'n';
  if (type === 'array') return items?.enum === undefined ? `${member},...` : 'one,...';
  return 'text';
}

function helpOf(schema: Schema): string {
  const { description = '', default: usual, enum: allowed } = schema;
  const sentence = description.replace(/ The value is ''\./, '');
  const choices =
    allowed !== undefined && allowed.length > 4 ? `one of ${allowed.map(String).join(', ')}` : '';
  const range =
    schema.minimum !== undefined && schema.maximum !== undefined
      ? `${schema.minimum} to ${schema.maximum}`
      : '';
  const standard = usual === undefined ? '' : `default ${JSON.stringify(usual)}`;
  const notes = [choices, range, standard].filter((note) => note !== '').join('; ');
  return [sentence, notes === '' ? '' : `(${notes})`].filter((part) => part !== '').join(' ');
}
