import { Injectable, Logger } from '@nestjs/common';
import { type Seen } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { AccessWatch } from './access-watch.js';
import { checkEmail, passwordViolation } from './passwords.js';
import { PasswordsService } from './passwords.service.js';
import { TokensService } from './tokens.service.js';
import { type UserEntity } from './user.schema.js';
import { UsersRepository } from './users.repository.js';

/** What an account is entered with: its owner changes it, and shows the present password for it. */
@Injectable()
export class CredentialsService {
  private readonly logger = new Logger('accounts');

  constructor(
    private readonly users: UsersRepository,
    private readonly passwords: PasswordsService,
    private readonly tokens: TokensService,
    private readonly watch: AccessWatch,
  ) {}

  /**
   * All access tokens of the account are over then; its keys stay.
   * @param address of the client
   * @returns a new token
   * @throws DomainError forbidden, invalid_request, too_many_attempts, changed_meanwhile
   */
  async changePassword(
    user: UserEntity,
    { password, newPassword }: { password: string; newPassword: string },
    address: string,
  ): Promise<{ token: string; expiresAt: Date }> {
    const violation = passwordViolation(newPassword);
    if (violation !== undefined) throw DomainError.invalid({ ...violation, field: 'new_password' });
    await this.passwords.confirm(user, password, address);
    const hash = await this.passwords.hash(newPassword);
    const version = await this.users.setPassword(user._id, user.password_hash, hash);
    if (version === undefined)
      throw new DomainError('conflict', 'The password was changed meanwhile: log in again');
    this.logger.log({ user_id: String(user._id) }, 'password changed');
    this.watch.ended({ user: user._id.toHexString(), kind: 'token' });
    return this.tokens.userToken(user._id, version);
  }

  /**
   * @param address of the client
   * @param seen the revisions that the caller has seen
   * @returns the account as it is now
   * @throws DomainError forbidden, invalid_request, email_taken, too_many_attempts, changed_meanwhile
   */
  async changeEmail(
    user: UserEntity,
    { password, email }: { password: string; email: string },
    address: string,
    seen: Seen,
  ): Promise<UserEntity> {
    const normal = checkEmail(email);
    await this.passwords.confirm(user, password, address);
    const changed = await this.users.setEmail(user._id, normal, seen);
    if (changed === 'taken') throw new DomainError('email_taken');
    if (changed === null) {
      const present = await this.users.findById(user._id);
      throw new ChangedMeanwhileError('The account', present?.revision);
    }
    this.logger.log({ user_id: String(user._id) }, 'e-mail changed');
    return changed;
  }
}
