/*
 * Runs scamper with CAP_NET_RAW alone, as the user who calls it.
 *
 * Before it begins, scamper shuts half of itself into an empty folder and gives root up (chroot, setgroups, setgid, setuid), and it
 * refuses to go on where it may not. Here it never is root and has nothing to give up: the four calls are answered with success and
 * do nothing. In exchange it gets no new privilege from anything that it may run.
 *
 * This program has the file capability cap_net_raw (setcap cap_net_raw+ep), hands it on, and becomes scamper.
 */
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the number of this architecture is missing here"
#endif

#ifndef SCAMPER
#define SCAMPER "/usr/bin/scamper"
#endif

/* The error number 0 is success; the call is not done. */
#define ANSWERED(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0)

static int fail(const char *what) {
  perror(what);
  return 126;
}

/* A capability survives the next execve only as an ambient one. */
static int hand_on(int capability) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {{0}, {0}};
  unsigned int bit = 1u << capability;

  data[0].effective = data[0].permitted = data[0].inheritable = bit;
  if (syscall(SYS_capset, &header, data) != 0) return -1;
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}

static int answer_instead(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      ANSWERED(SYS_chroot),
      ANSWERED(SYS_setgroups),
      ANSWERED(SYS_setgid),
      ANSWERED(SYS_setuid),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int main(int count, char **arguments) {
  (void)count;
  if (hand_on(CAP_NET_RAW) != 0)
    return fail("CAP_NET_RAW is missing: add it to the container, and do not forbid new privileges");
  if (answer_instead() != 0) return fail("the filter of system calls");
  /* Its packets end with the probe that asked for them, however that dies. (One half of scamper ends with the other.) */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return fail("the end of the probe cannot be followed");
  execv(SCAMPER, arguments);
  return fail(SCAMPER);
}
