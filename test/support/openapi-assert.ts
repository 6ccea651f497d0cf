import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { load } from 'js-yaml';
import { readFileSync } from 'node:fs';

const FILE = new URL('../../docs/openapi.yaml', import.meta.url);

interface Described {
  $ref?: string;
  headers?: Record<string, unknown>;
  content?: Record<string, { schema?: object }>;
}
type Operation = { responses: Record<string, Described>; security?: unknown };
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, Described> };
}

/** An answer, as it came over the wire. */
export interface RawAnswer {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

/** Holds answers against docs/openapi.yaml: the status, the media type, the headers, the body. */
class OpenApiAssertion {
  private readonly document = load(readFileSync(FILE, 'utf8')) as Document;
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly routes: { template: string; pattern: RegExp }[];
  private readonly validators = new Map<string, ValidateFunction>();

  constructor() {
    formats.default(this.ajv);
    this.ajv.addSchema({ $id: 'pladmed', ...this.document });
    // literal paths before those with parameters: /users/me is no /users/{id}
    this.routes = Object.keys(this.document.paths)
      .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
      .map((template) => ({ template, pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`) }));
  }

  /** @throws Error that says in what the answer differs from the document */
  check(answer: RawAnswer): void {
    const complaint = this.complaint(answer);
    if (complaint === undefined) return;
    const { method, path, status, text } = answer;
    throw new Error(`${method} ${path} -> ${status}: ${complaint}\n${text.slice(0, 500)}`);
  }

  private complaint({ method, path, status, headers, text }: RawAnswer): string | undefined {
    const route = this.routes.find(({ pattern }) => pattern.test(path.replace(/\?.*$/s, '')));
    const operation = route && this.document.paths[route.template]?.[method.toLowerCase()];
    // what is no route, or no method of it, has no place in the document: the text says what becomes of it
    if (route === undefined) return status === 404 ? undefined : 'the document has no such path';
    if (operation === undefined) return status === 405 ? undefined : 'the document has no such method';
    const at = ['paths', route.template, method.toLowerCase(), 'responses', String(status)];
    const stated = operation.responses[String(status)];
    if (stated === undefined) return 'the status is not described';
    const shared = stated.$ref?.replace('#/components/responses/', '');
    const described = shared === undefined ? stated : this.document.components.responses[shared];
    const pointer = shared === undefined ? at : ['components', 'responses', shared];
    const missing = ['X-Request-Id'].filter((name) => !headers.has(name));
    if (missing.length > 0) return `headers are missing: ${missing.join(', ')}`;
    return this.bodyComplaint(described ?? {}, pointer, headers, text);
  }

  private bodyComplaint(
    { content }: Described,
    pointer: string[],
    headers: Headers,
    text: string,
  ): string | undefined {
    const mediaType = (headers.get('content-type') ?? '').replace(/;.*$/, '');
    if (content === undefined) return text === '' ? undefined : 'no body is described';
    if (content[mediaType] === undefined) return `the media type ${mediaType} is not described`;
    if (!mediaType.endsWith('json') || mediaType.includes('ndjson')) return undefined;
    const validate = this.validator([...pointer, 'content', mediaType, 'schema']);
    if (validate(JSON.parse(text))) return undefined;
    return this.ajv.errorsText(validate.errors, { dataVar: 'body' });
  }

  private validator(pointer: string[]): ValidateFunction {
    const path = pointer
      .map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1')))
      .join('/');
    const known = this.validators.get(path);
    if (known !== undefined) return known;
    const validate = this.ajv.compile({ $ref: `pladmed#/${path}` });
    this.validators.set(path, validate);
    return validate;
  }

  /** For lines of NDJSON, events and the like: a schema of the document by its name. */
  checkSchema(name: string, value: unknown): void {
    const validate = this.validator(['components', 'schemas', name]);
    if (!validate(value)) throw new Error(`no ${name}: ${this.ajv.errorsText(validate.errors)}`);
  }
}

export const openApi = new OpenApiAssertion();
