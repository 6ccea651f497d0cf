export { AuthModule } from './auth.module.js';
export { AuthService } from './auth.service.js';
export { TokensService } from './tokens.service.js';
export { type UserEntity } from './user.schema.js';
export { UsersModule } from './users.module.js';
export { UsersRepository } from './users.repository.js';
