import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function ProbesPage(): ReactNode {
  return <Head title="Probes" />;
}
