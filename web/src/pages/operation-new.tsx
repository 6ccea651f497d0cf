import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function NewOperationPage(): ReactNode {
  return <Head title="New measurement" />;
}
