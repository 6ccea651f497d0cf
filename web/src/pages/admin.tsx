import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function AdminPage(): ReactNode {
  return <Head title="Administration" />;
}
