import { type components } from '../generated/schema.js';

/** What can be measured. */
export type Kind = components['schemas']['OperationDto']['kind'];

/** What flags are made of: the parts of docs/openapi.yaml that scripts/generate.mjs takes out. */
export interface ApiDocument {
  kinds: readonly Kind[];
  /** of each kind what it measures */
  measures: Readonly<Partial<Record<Kind, string>>>;
  /** of the query of each `GET`, by path */
  parameters: Readonly<Record<string, readonly Parameter[]>>;
  /** `PingParams`, `SelectionDto`, `OnceScheduleDto` ... */
  schemas: Readonly<Record<string, Schema>>;
}

export interface Parameter {
  name: string;
  description?: string;
  schema: Schema;
}

/** As much of JSON Schema as the document uses for what can be a flag. */
export interface Schema {
  type?: string | readonly string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  format?: string;
  items?: Schema;
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  readonly [other: string]: unknown;
}
