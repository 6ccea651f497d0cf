import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

const DESCRIPTION = `Active Internet measurement on your own probes.

Register, log in, press **Authorize** and paste the token; then every route can be tried here.
Errors are problem details (RFC 9457). Times are RFC 3339 in UTC; RTTs and durations are milliseconds.
The routes tagged *classic* are those of classic Pladmed and do not change.`;

/** The document that describes every route, exactly; written to docs/openapi.yaml by \`npm run openapi\`. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Pladmed')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth()
    .addApiKey({ type: 'apiKey', in: 'header', name: 'access_token' }, 'access_token')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** Swagger UI at /docs, the document at /docs/openapi.json and .yaml. */
export function serveExplorer(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Pladmed API',
    swaggerOptions: { persistAuthorization: true, tryItOutEnabled: true, displayRequestDuration: true },
  });
}
