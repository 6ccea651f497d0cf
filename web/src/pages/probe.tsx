import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function ProbePage(): ReactNode {
  return <Head title="Probe" />;
}
