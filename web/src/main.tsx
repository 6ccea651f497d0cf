import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { newQueryClient } from './api/queries.js';
import { router } from './routes.js';
import { session, useChangedElsewhere } from './session/session.js';
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
      <App />
    </QueryClientProvider>
  </StrictMode>,
);

/** Where another tab logs in or out, all that is in sight is asked for anew, as the one who it is now. */
function App(): ReactNode {
  return <RouterProvider key={useChangedElsewhere()} router={router} />;
}
