/*
 * Asks Debian's cron which minutes an entry runs in: its own load_entry() and find_jobs(), around which this is wrapped.
 * Reads lines of "FROM STEP COUNT EXPRESSION": COUNT minutes, STEP apart, FROM minutes after the beginning of 1970.
 * Writes for each a line of as many 0 and 1, or "refused".
 */
#define main cron_main
#include "cron.c"
#undef main

static int was_added;

void job_add(entry *e, user *u) { was_added = 1; }
/* cron_main() names these, and is not called. */
int job_runqueue() { return 0; }
void load_database(cron_db *db) {}
void check_orphans(cron_db *db) {}

int main(int argc, char **argv) {
	static char line[4096], text[4200];
	char *nothing[] = { NULL };
	struct passwd pw = { .pw_name = "root", .pw_dir = "/", .pw_shell = "/bin/sh" };
	while (fgets(line, sizeof line, stdin)) {
		long from, step, count;
		int read;
		sscanf(line, "%ld %ld %ld %n", &from, &step, &count, &read);
		line[strcspn(line, "\n")] = 0;
		snprintf(text, sizeof text, "%s true\n", line + read);
		FILE *file = fmemopen(text, strlen(text), "r");
		entry *e = load_entry(file, NULL, &pw, nothing);
		fclose(file);
		if (e == NULL) {
			puts("refused");
			continue;
		}
		user u = { .crontab = e };
		cron_db db = { .head = &u };
		for (long i = 0; i < count; i++) {
			was_added = 0;
			find_jobs(from + i * step, &db, TRUE, TRUE);
			putchar(was_added ? '1' : '0');
		}
		putchar('\n');
		free_entry(e);
	}
	return 0;
}
