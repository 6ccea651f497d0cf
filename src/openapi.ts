import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { withChanges } from './adapters/api/dto/change.dto.js';
import { withKinds } from './adapters/api/kind-schemas.js';
import { LINKS } from './adapters/api/links.js';
import { completeDocument } from './platform/http/complete-document.js';
import { withLinks } from './platform/http/links.js';
import { noteIds, putIds } from './explorer.js';

const DESCRIPTION = `Active Internet measurement on your own probes.

**To try it here:** register, log in, press **Authorize** and paste the token (once: every route takes it as \`bearer\`, and as
\`access_token\` like classic Pladmed); then every route can be run with its example. Where an example has an id, the explorer
puts in the id of what you made or listed last. A measurement costs credits: a superuser gives them.

Errors are problem details (RFC 9457); \`type\` leads to [a page](/docs/errors) that says what to do. A path that is there, asked with another method, is 405 with \`Allow\`.
Times are RFC 3339 in UTC; RTTs and durations are milliseconds. Listings have pages: \`next\` is the \`cursor\` of the next one.`;

const CLASSIC = 'classic';

const TAGS = {
  accounts: 'Who you are, and what you have.',
  probes: 'Vantage points.',
  sites: 'Places that hold probes as their instruments.',
  operations: 'Scheduled measurements.',
  results: 'What probes brought back.',
  imports: 'Files of results, from scamper or from our own exports.',
  administration: 'What superusers run the platform with.',
  globalping: "The routes of Globalping's clients, in their form (docs/globalping.md).",
  [CLASSIC]: 'The routes of classic Pladmed. They do not change, and take members that they do not know.',
  'operation of the server': 'For those who run it.',
};

/** The document that describes every route, exactly; written to docs/openapi.yaml by \`npm run openapi\`. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Pladmed')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'access_token' }, 'access_token');
  for (const [tag, description] of Object.entries(TAGS)) config.addTag(tag, description);
  const document = SwaggerModule.createDocument(app, config.build(), { operationIdFactory: operationId });
  document.components ??= {};
  document.components.schemas = withChanges(withKinds(document.components.schemas ?? {}));
  return inOrder(withLinks(completeDocument(document, CLASSIC), LINKS));
}

/**
 * Swagger UI at /docs, the document at /docs/openapi.json and .yaml. The document is made when it is asked for first: it is a
 * quarter of the work of a start.
 */
export function serveExplorer(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Pladmed API',
    swaggerOptions: {
      persistAuthorization: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      requestInterceptor: putIds,
      responseInterceptor: noteIds,
    },
  });
}

function operationId(controller: string, method: string): string {
  return `${controller.replace(/Controller$/, '')}_${method}`;
}

/** As the tags are, and within one as the code has them. */
function inOrder(document: OpenAPIObject): OpenAPIObject {
  const { openapi, info, paths, components, ...rest } = document;
  const order = Object.keys(TAGS);
  const rank = (item: OpenAPIObject['paths'][string]) =>
    order.indexOf((item.get ?? item.post ?? item.delete)?.tags?.[0] ?? '');
  const sorted = Object.entries(paths).sort(([, a], [, b]) => rank(a) - rank(b));
  return { openapi, info, ...rest, paths: Object.fromEntries(sorted), ...(components && { components }) };
}
