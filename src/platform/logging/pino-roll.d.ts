declare module 'pino-roll' {
  import { type SonicBoom, type SonicBoomOpts } from 'sonic-boom';

  interface RollingOptions extends SonicBoomOpts {
    file: string;
    frequency?: 'daily' | 'hourly' | number;
    dateFormat?: string;
    size?: string | number;
    limit?: { count: number; removeOtherLogFiles?: boolean };
  }

  export default function openRolling(options: RollingOptions): Promise<SonicBoom>;
}
