import type { ReactNode } from 'react';
import { Head } from '../ui/parts.js';

export function NewProbePage(): ReactNode {
  return <Head title="Add a probe" />;
}
