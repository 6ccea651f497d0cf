/*
 * Asks busybox's crond which minutes a line runs in: its own ParseField(), FixDayDow() and flag_starting_jobs(), which build.sh
 * cuts out of miscutils/crond.c. Reads and writes what debian-cron.c does; "refused" is what crond reports as a parse error.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define ALIGN1
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define ENABLE_FEATURE_CROND_CALL_SENDMAIL 0
#define LOGMODE_SYSLOG 1
#define bb_putchar_stderr(c) ((void)0)
#define log5(...) ((void)0)
#define log8(...) ((void)0)
typedef signed char smallint;

static int logmode = LOGMODE_SYSLOG;
static int had_error;
static void bb_error_msg(const char *format, ...) { had_error = 1; }

#include "busybox-types.inc"

static struct {
	int log_level;
	CronFile *cron_files;
} G = { .log_level = 8 };

#include "busybox-functions.inc"

int main(void)
{
	static char text[4096];
	setenv("TZ", "UTC", 1);
	while (fgets(text, sizeof text, stdin)) {
		long from, step, count;
		int read;
		CronLine line;
		CronFile file;
		char *fields[5];
		sscanf(text, "%ld %ld %ld %n", &from, &step, &count, &read);
		memset(&line, 0, sizeof line);
		memset(&file, 0, sizeof file);
		had_error = 0;
		for (int i = 0; i < 5; i++)
			if ((fields[i] = strtok(i == 0 ? text + read : NULL, " \t\n")) == NULL)
				had_error = 1;
		if (!had_error) {
			ParseField("root", line.cl_Mins, 60, 0, NULL, fields[0]);
			ParseField("root", line.cl_Hrs, 24, 0, NULL, fields[1]);
			ParseField("root", line.cl_Days, 32, 0, NULL, fields[2]);
			ParseField("root", line.cl_Mons, 12, -1, MonAry, fields[3]);
			ParseField("root", line.cl_Dow, 7, 0, DowAry, fields[4]);
			FixDayDow(&line);
		}
		if (had_error) {
			puts("refused");
			continue;
		}
		line.cl_cmd = "true";
		file.cf_lines = &line;
		G.cron_files = &file;
		for (long i = 0; i < count; i++) {
			time_t at = (time_t)(from + i * step) * 60;
			line.cl_pid = 0;
			flag_starting_jobs(at - 60, at);
			putchar(line.cl_pid == 0 ? '0' : '1');
		}
		putchar('\n');
	}
	return 0;
}
