/** A parameter of a kind of measurement, as the OpenAPI document describes it. */
export interface ParamField {
  name: string;
  description: string;
  /** `switch`: it is given or not, and has no value */
  type: 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'switch';
  preset?: string | number | boolean;
  values?: readonly string[];
  /** whether others than `values` are allowed */
  open?: boolean;
  minimum?: number;
  maximum?: number;
  of?: string;
  example?: unknown;
}
