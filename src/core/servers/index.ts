export { LocalSessions } from './local-sessions.js';
export { ServersModule } from './servers.module.js';
export { ServersRepository } from './servers.repository.js';
export { ServersService } from './servers.service.js';
