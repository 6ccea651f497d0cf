import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function OperationPage(): ReactNode {
  return <Head title="Operation" />;
}
