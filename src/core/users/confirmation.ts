/**
 * Whether an account that was remembered is as it was, and its credential still good. What tells it is the account as it is read for
 * this request: by a write that gives it back, or else by a reading of its own.
 */
export class Confirmation<Account> {
  private isConfirmed = false;
  private reading: Promise<void> | undefined;

  /**
   * @param read reads the account of the credential
   * @param judge throws where the credential or the account is not what it was
   */
  constructor(
    private readonly read: () => Promise<Account | undefined>,
    private readonly judge: (account: Account | undefined) => void,
  ) {}

  /** Reads the account, unless that was done for this request. @throws DomainError unauthenticated, forbidden, busy */
  async confirm(): Promise<void> {
    if (this.isConfirmed) return;
    this.reading ??= this.read().then((account) => {
      this.confirmBy(account);
    });
    await this.reading;
  }

  /** @param account as it is now @throws as confirm() */
  confirmBy(account: Account | undefined): void {
    this.judge(account);
    this.isConfirmed = true;
  }
}
