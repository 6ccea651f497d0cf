import { type INestApplication, RequestMethod } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Access, ACCESS, type Owned, OWNED } from './permissions.js';

/** A route, as its controller states it. */
export interface Route {
  /** `AccountsController.me` */
  name: string;
  /** as OpenAPI writes it */
  path: string;
  method: string;
  access: Access | undefined;
  owned: Owned | undefined;
}

/** @returns all routes of the application, in no order */
export function routesOf(app: INestApplication): Route[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [
    ...module.controllers.values(),
  ]);
  return controllers.flatMap(({ metatype }) => routesIn(metatype as new () => object));
}

function routesIn(controller: new () => object): Route[] {
  const prefix = Reflect.getMetadata('path', controller) as string;
  return Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
    if (name === 'constructor') return [];
    const handler: unknown = Reflect.get(controller.prototype as object, name);
    if (typeof handler !== 'function' || !Reflect.hasMetadata('path', handler)) return [];
    const parts = [prefix, Reflect.getMetadata('path', handler) as string].map((part) =>
      part.replace(/^\/|\/$/g, ''),
    );
    const own = Reflect.getMetadata(ACCESS, handler) as Access | undefined;
    return [
      {
        name: `${controller.name}.${name}`,
        path: `/${parts.filter((part) => part !== '').join('/')}`.replace(/:(\w+)/g, '{$1}'),
        method: RequestMethod[Reflect.getMetadata('method', handler) as number] ?? 'GET',
        access: own ?? (Reflect.getMetadata(ACCESS, controller) as Access | undefined),
        owned: Reflect.getMetadata(OWNED, handler) as Owned | undefined,
      },
    ];
  });
}
