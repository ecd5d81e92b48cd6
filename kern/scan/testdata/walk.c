// The least that has to be done to watch a tree: for each directory openat2, inotify_add_watch,
// getdents64 until it returns 0, close. The measure for BenchmarkWalkWatches.
//
//	walk DIR    prints the directories watched and the seconds it took
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct entry {
	unsigned long ino;
	long off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

static int in;
static long dirs;

static void walk(int parent, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV
	};
	int fd = syscall(SYS_openat2, parent, name, &how, sizeof how);
	if (fd < 0)
		return;
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (inotify_add_watch(in, path, IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY | IN_ONLYDIR) < 0) {
		perror("inotify_add_watch");
		exit(1);
	}
	dirs++;
	char *buf = malloc(65536);
	long n;
	while ((n = syscall(SYS_getdents64, fd, buf, 65536)) > 0)
		for (long at = 0; at < n;) {
			struct entry *e = (struct entry *)(buf + at);
			at += e->reclen;
			if (e->type == DT_DIR && strcmp(e->name, ".") && strcmp(e->name, ".."))
				walk(fd, e->name);
		}
	free(buf);
	close(fd);
}

int main(int argc, char **argv)
{
	struct timespec a, b;
	in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (argc != 2 || in < 0 || chdir(argv[1]) < 0)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &a);
	walk(AT_FDCWD, ".");
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%ld %.6f\n", dirs, b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9);
	return 0;
}
