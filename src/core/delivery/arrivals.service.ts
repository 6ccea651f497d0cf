import { Injectable, Logger } from '@nestjs/common';
import { ConnectedProbes, ProbeConnectionsService, type ProbeLink } from '../presence/index.js';
import { DispatchService } from './dispatch.service.js';

/** Lets a probe that has checked in be told what it has to do, whatever protocol it speaks. */
@Injectable()
export class ArrivalsService {
  private readonly logger = new Logger('arrivals');

  constructor(
    private readonly connections: ProbeConnectionsService,
    private readonly connected: ConnectedProbes,
    private readonly dispatch: DispatchService,
  ) {}

  /** @param isHere whether its socket stands now: it may end while the database is asked */
  async welcome(link: ProbeLink, isHere: () => boolean): Promise<void> {
    if (!(await this.isCurrent(link))) {
      link.close();
      return;
    }
    if (!isHere()) return;
    this.connected.add(link);
    const { protocol, version } = link;
    this.logger.log({ probe_id: String(link.probe), protocol, version }, 'probe connected');
    try {
      await this.dispatch.probeConnected(link);
    } catch (error) {
      this.logger.error({ err: error, probe_id: String(link.probe) }, 'could not deliver what was waiting');
      // one that is told everything at first would wait for it for ever, and gets it at a new connection; for another one
      // what was not claimed is still pending, and the sweep brings it
      if (link.capabilities.acknowledges) link.close();
    }
  }

  /** Two sockets of one probe may check in at once: the one that the database has last stays, the other must not close it. */
  private async isCurrent(link: ProbeLink): Promise<boolean> {
    try {
      return await this.connections.isCurrent(link.probe, link.session);
    } catch (error) {
      this.logger.error({ err: error, probe_id: String(link.probe) }, 'a connection could not be confirmed');
      return false;
    }
  }
}
