import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { newQueryClient } from './api/queries.js';
import { router } from './routes.js';
import { session } from './session/session.js';
import './styles/base.css';
import './styles/parts.css';

const queries = newQueryClient();
// what one account has seen is not shown to the next
session.subscribe(() => {
  queries.clear();
  void router.invalidate();
});

const place = document.getElementById('root');
if (place === null) throw new Error('the page has no #root');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
