export { AuthModule } from './auth.module.js';
export { AccessWatch } from './access-watch.js';
export { AuthService } from './auth.service.js';
export { KeysService, MOST_KEYS } from './keys.service.js';
export { TokensService } from './tokens.service.js';
export { type KeyEntity, type UserEntity } from './user.schema.js';
export { UsersModule } from './users.module.js';
export { UsersRepository } from './users.repository.js';
