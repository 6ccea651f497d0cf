import { Injectable } from '@nestjs/common';
import { ObjectId } from '../../common/database/object-id.js';

/** How servers tell each other; set where there are several (Redis). */
export interface Transport {
  announce(event: string, ...args: string[]): void;
  on(event: string, listener: (...args: string[]) => void): void;
}

const STARTED = 'operation-started';
const STOPPED = 'operation-stopped';

/** "There is something new for your probes": a hint between servers. What it says stands in the database. */
@Injectable()
export class DispatchBus {
  private transport: Transport | undefined;
  private started: (operation: ObjectId) => void = () => undefined;
  private stopped: (operation: ObjectId, reason: string) => void = () => undefined;

  use(transport: Transport): void {
    this.transport = transport;
    transport.on(STARTED, (operation) => {
      this.started(new ObjectId(operation));
    });
    transport.on(STOPPED, (operation, reason = '') => {
      this.stopped(new ObjectId(operation), reason);
    });
  }

  onStarted(listener: (operation: ObjectId) => void): void {
    this.started = listener;
  }

  onStopped(listener: (operation: ObjectId, reason: string) => void): void {
    this.stopped = listener;
  }

  announceStarted(operation: ObjectId): void {
    this.transport?.announce(STARTED, operation.toHexString());
  }

  announceStopped(operation: ObjectId, reason: string): void {
    this.transport?.announce(STOPPED, operation.toHexString(), reason);
  }
}
