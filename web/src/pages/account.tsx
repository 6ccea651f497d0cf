import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function AccountPage(): ReactNode {
  return <Head title="Account" />;
}
