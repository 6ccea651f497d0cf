import { QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  type RouterHistory,
  RouterProvider,
} from '@tanstack/react-router';
import { act, render } from '@testing-library/react';
import { userEvent, type UserEvent } from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { newQueryClient } from '../src/api/queries.js';
import { router as pages } from '../src/routes.js';

interface Shown {
  user: UserEvent;
  /** the address that one is at, without /app */
  address: () => string;
  history: RouterHistory;
}

async function start(routeTree: typeof pages.routeTree, path: string): Promise<Shown> {
  const history = createMemoryHistory({ initialEntries: [`/app${path}`] });
  const router = createRouter({ ...pages.options, routeTree, history, scrollRestoration: false });
  const user = userEvent.setup();
  await act(() => router.load());
  render(
    <QueryClientProvider client={newQueryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { user, address: () => history.location.href.replace(/^\/app/, ''), history };
}

/** Opens a page of the dashboard with all that is around it. */
export const open = (path: string): Promise<Shown> => start(pages.routeTree, path);

/** Shows a component by itself. Links lead nowhere, and have their addresses. */
export function show(component: ReactNode): Promise<Shown> {
  const alone = createRootRoute({ component: () => component, notFoundComponent: () => component });
  return start(alone as unknown as typeof pages.routeTree, '/');
}
